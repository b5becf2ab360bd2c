"""`/api/v1/subjects/{id}/merge|split|templates/move`: templates that are somebody else's."""

from fastapi import APIRouter, Response

from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Guarded, Held, needs, takes_long
from visavis.entry.http_api.lists import UNFIT, RowId
from visavis.entry.http_api.routes.subjects import shown
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_merging import Division, Into, Merged, Moved, ToMove
from visavis.entry.http_api.schemas_subjects import Subject

router = APIRouter(prefix="/api/v1", tags=["people"], route_class=Guarded)

_ABSENT = (404, "There is no such subject or template here, or they were erased.")
_CLOSED = (403, "They may not, or whose the templates would be has not agreed to it.")
_TAKEN = (409, "Somebody else has this reference.")


@router.post(
    "/subjects/{subject_id}/merge",
    summary="Merge a subject into another one",
    responses=answers(_ABSENT, _CLOSED, UNFIT),
)
@needs(Permission.PEOPLE_ERASE)
@takes_long
def merge(subject_id: RowId, order: Into, actor: Caller, records: Held) -> Merged:
    """Give all templates to `into`, who is the same person, and erase the subject.

    What `into` is not called yet is taken over. The templates keep their ids: to undo it, split
    `into` by those that are answered.
    """
    done = records.merging.merge(actor, subject_id, order.into)
    return Merged(subject=shown(records, actor, done.into), template_ids=list(done.template_ids))


@router.post(
    "/subjects/{subject_id}/split",
    status_code=201,
    summary="Split a subject",
    responses=answers(_ABSENT, _CLOSED, _TAKEN, UNFIT),
)
@needs(Permission.PEOPLE_WRITE)
def split(
    subject_id: RowId, order: Division, response: Response, actor: Caller, records: Held
) -> Subject:
    """Make somebody new of some of the templates; the consents that hold are copied."""
    made = records.merging.split(actor, subject_id, **dict(order))
    response.headers["Location"] = f"{router.prefix}/subjects/{made.id}"
    return shown(records, actor, made)


@router.post(
    "/subjects/{subject_id}/templates/move",
    summary="Give templates to a subject",
    responses=answers(_ABSENT, _CLOSED, UNFIT),
)
@needs(Permission.PEOPLE_WRITE)
def move(subject_id: RowId, order: ToMove, actor: Caller, records: Held) -> Moved:
    """Give templates of others to this subject; they keep their ids."""
    return Moved(template_ids=list(records.merging.move(actor, order.template_ids, subject_id)))
