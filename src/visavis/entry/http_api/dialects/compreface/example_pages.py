"""Pages of faces by number: our lists go on from a cursor, so those before are gone through."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query

from visavis.core.errors import InvalidInput
from visavis.entry.http_api.dialects.names import found, names
from visavis.entry.services import Records
from visavis.store.page import MOST
from visavis.usecases.actor import Actor
from visavis.usecases.templates import Kept

FARTHEST = 100_000
"""Faces that one request goes through; whoever has more lists them with our own interface."""


@dataclass(frozen=True, slots=True)
class Pages:
    """Which part of a list.

    Attributes:
        number: From 0 on.
        size: Items of each.
    """

    number: int
    size: int


async def _pages(
    page: Annotated[int, Query(ge=0)] = 0, size: Annotated[int, Query(ge=1, le=2_000)] = 20
) -> Pages:
    if (page + 1) * size > FARTHEST:
        raise InvalidInput(
            f"only the first {FARTHEST} faces are listed here; name a subject, or list them at "
            "/api/v1/subjects"
        )
    return Pages(page, size)


WhichPage = Annotated[Pages, Depends(_pages)]
"""Which part of a list is wanted, as a parameter of an endpoint."""


def page_of(
    records: Records, actor: Actor, pages: Pages, subject: str | None = None
) -> dict[str, Any]:
    """Return a part of the faces, newest first.

    Args:
        records: Hold them.
        actor: Who asks.
        pages: Which part.
        subject: Only of whoever is called so; None = of all in no collection.
    """
    total, every = _listed(records, actor, subject)
    start = pages.number * pages.size
    part = list(islice(every, start, start + pages.size))
    who = names(records, actor, {each.subject_id for each in part})
    return {
        "faces": [told(each, who) for each in part],
        "page_number": pages.number,
        "page_size": pages.size,
        "total_pages": -(-total // pages.size),
        "total_elements": total,
    }


def every_template(records: Records, actor: Actor) -> Iterator[Kept]:
    """Return the templates of all who are in no collection, newest first."""
    cursor: str | None = None
    while True:
        page = records.templates.kept(actor, limit=MOST, cursor=cursor)
        yield from page.items
        cursor = page.next
        if cursor is None:
            return


def told(kept: Kept, who: dict[str, str]) -> dict[str, str]:
    """Return what is told of a face."""
    return {"image_id": dashed(kept.id), "subject": who.get(kept.subject_id, kept.subject_id)}


def dashed(template_id: str) -> str:
    """Return an id as a UUID is written."""
    return str(UUID(template_id))


def _listed(records: Records, actor: Actor, subject: str | None) -> tuple[int, Iterator[Kept]]:
    """Return how many faces there are, and all of them."""
    if subject is None:
        total = records.collections.size(actor, "").templates
        return total, every_template(records, actor)
    known = found(records, actor, subject)
    theirs = records.templates.page(actor, known.id)[::-1] if known else ()
    return len(theirs), iter(theirs)
