"""Pages of faces by number."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query

from visavis.core.errors import InvalidInput
from visavis.entry.http_api.dialects.names import found, names
from visavis.entry.services import Records
from visavis.usecases.actor import Actor

FARTHEST = 100_000
"""Faces that the pages reach; whoever has more lists them with our own interface."""


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
    total, part = _listed(records, actor, pages, subject)
    who = names(records, actor, set(part.values()))
    return {
        "faces": [told(each, owner, who) for each, owner in part.items()],
        "page_number": pages.number,
        "page_size": pages.size,
        "total_pages": -(-total // pages.size),
        "total_elements": total,
    }


def told(template_id: str, subject_id: str, who: dict[str, str]) -> dict[str, str]:
    """Return what is told of a face."""
    return {"image_id": dashed(template_id), "subject": who.get(subject_id, subject_id)}


def dashed(template_id: str) -> str:
    """Return an id as a UUID is written."""
    return str(UUID(template_id))


def _listed(
    records: Records, actor: Actor, pages: Pages, subject: str | None
) -> tuple[int, dict[str, str]]:
    """Return how many faces there are, and of a part of them whose they are, newest first."""
    start = pages.number * pages.size
    if subject is None:
        part = records.templates.whose(actor, skip=start, most=pages.size)
        return records.templates.count(actor), part
    known = found(records, actor, subject)
    theirs = records.templates.page(actor, known.id)[::-1] if known else ()
    return len(theirs), {each.id: each.subject_id for each in theirs[start:][: pages.size]}
