"""Copies of templates: while an organisation changes its embedder, one face may have two of them.

The copy names what it was brought over from. They are of one face, so they go and move together.
"""

from collections.abc import Collection, Iterable, Sequence

from visavis.store.sealed import MAPPED_FROM, SealedData


def origin_of(row: SealedData) -> str:
    """Return the id of the template that one was brought over from; its own where it was not."""
    return str(row.meta.get(MAPPED_FROM, {}).get("template_id") or row.id)


def with_copies(theirs: Sequence[SealedData], template_ids: Collection[str]) -> list[SealedData]:
    """Return templates by id, with those that are of the same faces.

    Args:
        theirs: All templates of the subjects concerned.
        template_ids: Which are meant.
    """
    faces = {origin_of(row) for row in theirs if row.id in template_ids}
    return [row for row in theirs if origin_of(row) in faces]


def faces_of(rows: Iterable[SealedData]) -> int:
    """Return of how many faces some templates are."""
    return len({origin_of(row) for row in rows})
