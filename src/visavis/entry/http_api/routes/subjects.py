"""`/api/v1/subjects`: the people whose faces are known."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Response

from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Guarded, Held, needs
from visavis.entry.http_api.lists import UNFIT, Cursor, Limit, RowId
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_collections import InCollection
from visavis.entry.http_api.schemas_subjects import (
    NewSubject,
    Subject,
    SubjectChange,
    SubjectPage,
)
from visavis.entry.services import Records
from visavis.store.page import DEFAULT
from visavis.usecases.actor import Actor
from visavis.usecases.collections import MAIN
from visavis.usecases.errors import NotFound
from visavis.usecases.subject_profiles import LONGEST_REFERENCE, Known

router = APIRouter(prefix="/api/v1", tags=["people"], route_class=Guarded)

Sought = Annotated[
    str | None,
    Query(max_length=LONGEST_REFERENCE, description="only who has exactly this reference"),
]

_ABSENT = (404, "There is no such subject here, or they were erased.")
_NOWHERE = (404, "There is no such collection.")
_TAKEN = (409, "Somebody else has this reference.")


@router.get("/subjects", summary="List the subjects", responses=answers(_NOWHERE, UNFIT))
@needs(Permission.PEOPLE_READ)
def page(
    actor: Caller,
    records: Held,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
    reference: Sought = None,
    collection: InCollection = None,
) -> SubjectPage:
    """List those who were not erased, newest first; or who has a reference.

    Without a collection, all are listed, and a reference is that of somebody who is in none.
    """
    where = None if collection is None else collection_id(records, actor, collection)
    if reference is not None:
        return SubjectPage(items=_called(records, actor, reference, where or ""), next=None)
    found = records.subjects.page(actor, limit, cursor, collection=where)
    return SubjectPage(items=_all_shown(records, actor, found.items), next=found.next)


@router.post(
    "/subjects",
    status_code=201,
    summary="Make a subject",
    responses=answers(_NOWHERE, _TAKEN, UNFIT),
)
@needs(Permission.PEOPLE_WRITE)
def create(subject: NewSubject, response: Response, actor: Caller, records: Held) -> Subject:
    """Make a subject. What they are called is sealed under a key of their own."""
    where = collection_id(records, actor, subject.collection)
    said = subject.model_dump(exclude={"collection"})
    made = records.subjects.create(actor, **said, collection=where)
    response.headers["Location"] = f"{router.prefix}/subjects/{made.id}"
    return shown(records, actor, made)


@router.get("/subjects/{subject_id}", summary="Read a subject", responses=answers(_ABSENT, UNFIT))
@needs(Permission.PEOPLE_READ)
def find(subject_id: RowId, actor: Caller, records: Held) -> Subject:
    """Answer a subject."""
    return shown(records, actor, records.subjects.find(actor, subject_id))


@router.patch(
    "/subjects/{subject_id}",
    summary="Change a subject",
    responses=answers(_ABSENT, _TAKEN, UNFIT),
)
@needs(Permission.PEOPLE_WRITE)
def change(subject_id: RowId, subject: SubjectChange, actor: Caller, records: Held) -> Subject:
    """Change what is given."""
    given = subject.model_dump(exclude_unset=True)
    return shown(records, actor, records.subjects.change(actor, subject_id, **given))


def collection_id(records: Records, actor: Actor, name: str | None) -> str:
    """Return the id of the collection that somebody names; None = no collection.

    Raises:
        NotFound: there is none of this name.
    """
    return MAIN if name is None else records.collections.find(actor, name).id


def shown(records: Records, actor: Actor, known: Known) -> Subject:
    """Return a subject as the wire has it."""
    return _all_shown(records, actor, [known])[0]


def _called(records: Records, actor: Actor, reference: str, collection: str) -> list[Subject]:
    try:
        known = records.subjects.find_by_reference(actor, reference, collection=collection)
    except NotFound:
        return []
    return [shown(records, actor, known)]


def _all_shown(records: Records, actor: Actor, known: Sequence[Known]) -> list[Subject]:
    names = records.collections.names(actor, {each.collection for each in known})
    return [_shown(each, names.get(each.collection)) for each in known]


def _shown(known: Known, collection: str | None) -> Subject:
    return Subject(
        id=known.id,
        created_at=known.created_at,
        reference=known.reference,
        name=known.name,
        notes=known.notes,
        adult=known.adult,
        collection=collection,
    )
