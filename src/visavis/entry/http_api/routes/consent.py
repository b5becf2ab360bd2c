"""`/api/v1/consents`, and those of one subject: who agreed to what."""

from fastapi import APIRouter, Response

from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Guarded, Held, needs
from visavis.entry.http_api.lists import UNFIT, Cursor, Limit, RowId
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_consent import (
    ConsentDetail,
    ConsentPage,
    ConsentRecord,
    NewConsent,
    Withdrawal,
)
from visavis.entry.services import Records
from visavis.store.page import DEFAULT
from visavis.usecases.actor import Actor

router = APIRouter(prefix="/api/v1", tags=["privacy"], route_class=Guarded)

_NOBODY = (404, "There is no such subject here, or they were erased.")
_NO_CONSENT = (404, "There is no such consent here.")


@router.post(
    "/subjects/{subject_id}/consents",
    status_code=201,
    summary="Record a consent",
    responses=answers((404, "There is no such subject or notice here."), UNFIT),
)
@needs(Permission.PEOPLE_WRITE)
def give(
    subject_id: RowId, consent: NewConsent, response: Response, actor: Caller, records: Held
) -> ConsentRecord:
    """Record that somebody agreed to a purpose, after a notice about it."""
    made = records.consents.give(actor, subject_id, **dict(consent))
    response.headers["Location"] = f"{router.prefix}/consents/{made.id}"
    return ConsentRecord(**records.consents.recorded(actor, made))


@router.get(
    "/subjects/{subject_id}/consents",
    summary="List a subject's consents",
    responses=answers(_NOBODY, UNFIT),
)
@needs(Permission.PRIVACY_READ)
def page_of_subject(
    subject_id: RowId,
    actor: Caller,
    records: Held,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> ConsentPage:
    """List what somebody agreed to, also what holds no longer, newest first."""
    return _page(records, actor, limit, cursor, subject_id)


@router.get("/consents", summary="List all consents", responses=answers(UNFIT))
@needs(Permission.PRIVACY_READ)
def page(
    actor: Caller, records: Held, limit: Limit = DEFAULT, cursor: Cursor = None
) -> ConsentPage:
    """List what everybody agreed to, also what holds no longer, newest first."""
    return _page(records, actor, limit, cursor, None)


@router.get(
    "/consents/{consent_id}",
    summary="Read a consent with its proof",
    responses=answers(_NO_CONSENT, UNFIT),
)
@needs(Permission.PRIVACY_READ)
def find(consent_id: RowId, actor: Caller, records: Held) -> ConsentDetail:
    """Answer a consent; its evidence is empty where the subject was erased."""
    return ConsentDetail(**records.consents.record(actor, consent_id))


@router.post(
    "/consents/{consent_id}/withdraw",
    summary="Take a consent back",
    responses=answers(_NO_CONSENT, UNFIT),
)
@needs(Permission.PEOPLE_WRITE)
def withdraw(
    consent_id: RowId, actor: Caller, records: Held, withdrawal: Withdrawal | None = None
) -> ConsentRecord:
    """Note that a consent holds no longer from now on; doing it twice changes nothing."""
    by = (withdrawal or Withdrawal()).by
    consent = records.consents.withdraw(actor, consent_id, by)
    return ConsentRecord(**records.consents.recorded(actor, consent))


def _page(
    records: Records, actor: Actor, limit: int, cursor: str | None, subject_id: str | None
) -> ConsentPage:
    found = records.consents.records(actor, limit, cursor, subject_id)
    return ConsentPage(items=[ConsentRecord(**each) for each in found.items], next=found.next)
