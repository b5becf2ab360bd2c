"""`DELETE /api/v1/subjects/{id}`: erase a person, and get a receipt of it."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Guarded, Held, needs, takes_long
from visavis.entry.http_api.lists import UNFIT, RowId
from visavis.entry.http_api.routes.receipts import as_written
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_receipts import Receipt
from visavis.usecases.erasure import Reason
from visavis.usecases.receipts import handed_out

router = APIRouter(prefix="/api/v1", tags=["people"], route_class=Guarded)

Why = Annotated[Reason, Query(description="why; it is in the receipt and in the audit log")]


@router.delete(
    "/subjects/{subject_id}",
    summary="Erase a subject",
    response_model=Receipt,
    responses=answers((404, "There is no such subject here."), UNFIT),
)
@needs(Permission.PEOPLE_ERASE)
@takes_long
def erase(
    subject_id: RowId, actor: Caller, records: Held, reason: Why = Reason.REQUEST
) -> Response:
    """Destroy the person's keys and everything sealed under them, and all else that is kept.

    The answer is a signed receipt with what was found when everything was looked through
    afterwards. Erasing again answers the first receipt. 503 means that the keys are destroyed but
    something else could not be removed yet: the same request takes it up again.
    """
    return as_written(handed_out(records.erasure.erase(actor, subject_id, reason=reason)))
