"""`/api/v1/subjects`: the people whose faces are known."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Guarded, Held, needs
from visavis.entry.http_api.lists import UNFIT, Cursor, Limit, RowId
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_subjects import (
    NewSubject,
    Subject,
    SubjectChange,
    SubjectPage,
)
from visavis.entry.services import Records
from visavis.store.page import DEFAULT
from visavis.usecases.actor import Actor
from visavis.usecases.errors import NotFound
from visavis.usecases.subject_profiles import LONGEST_REFERENCE, Known

router = APIRouter(prefix="/api/v1", tags=["people"], route_class=Guarded)

Sought = Annotated[
    str | None,
    Query(max_length=LONGEST_REFERENCE, description="only who has exactly this reference"),
]

_ABSENT = (404, "There is no such subject here, or they were erased.")
_TAKEN = (409, "Somebody else has this reference.")


@router.get("/subjects", summary="List the subjects", responses=answers(UNFIT))
@needs(Permission.PEOPLE_READ)
def page(
    actor: Caller,
    records: Held,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
    reference: Sought = None,
) -> SubjectPage:
    """List those who were not erased, newest first; or who has a reference."""
    if reference is not None:
        return SubjectPage(items=_called(records, actor, reference), next=None)
    found = records.subjects.page(actor, limit, cursor)
    return SubjectPage(items=[_shown(known) for known in found.items], next=found.next)


@router.post(
    "/subjects", status_code=201, summary="Make a subject", responses=answers(_TAKEN, UNFIT)
)
@needs(Permission.PEOPLE_WRITE)
def create(subject: NewSubject, response: Response, actor: Caller, records: Held) -> Subject:
    """Make a subject. What they are called is sealed under a key of their own."""
    made = records.subjects.create(actor, **subject.model_dump())
    response.headers["Location"] = f"{router.prefix}/subjects/{made.id}"
    return _shown(made)


@router.get("/subjects/{subject_id}", summary="Read a subject", responses=answers(_ABSENT, UNFIT))
@needs(Permission.PEOPLE_READ)
def find(subject_id: RowId, actor: Caller, records: Held) -> Subject:
    """Answer a subject."""
    return _shown(records.subjects.find(actor, subject_id))


@router.patch(
    "/subjects/{subject_id}",
    summary="Change a subject",
    responses=answers(_ABSENT, _TAKEN, UNFIT),
)
@needs(Permission.PEOPLE_WRITE)
def change(subject_id: RowId, subject: SubjectChange, actor: Caller, records: Held) -> Subject:
    """Change what is given."""
    given = subject.model_dump(exclude_unset=True)
    return _shown(records.subjects.change(actor, subject_id, **given))


def _called(records: Records, actor: Actor, reference: str) -> list[Subject]:
    try:
        return [_shown(records.subjects.find_by_reference(actor, reference))]
    except NotFound:
        return []


def _shown(known: Known) -> Subject:
    return Subject(
        id=known.id,
        created_at=known.created_at,
        reference=known.reference,
        name=known.name,
        notes=known.notes,
        adult=known.adult,
    )
