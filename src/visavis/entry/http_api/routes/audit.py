"""`/api/v1/audit`: reading the log of what was done, and finding out whether anybody changed it."""

from typing import Annotated

from fastapi import APIRouter, Query

from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Guarded, Held, needs, takes_long
from visavis.entry.http_api.lists import UNFIT, Limit
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_audit import (
    MOST_SEQ,
    AuditEntry,
    AuditHead,
    AuditPage,
    AuditTrouble,
    Verification,
    Verified,
)
from visavis.store.page import DEFAULT
from visavis.usecases.audit_trail import head_as_dict, read_head

router = APIRouter(prefix="/api/v1", tags=["audit"], route_class=Guarded)

Before = Annotated[
    int | None,
    Query(
        ge=1, le=MOST_SEQ, description="`next` of the part before; empty = at the end of the log"
    ),
]
About = Annotated[
    str | None, Query(pattern="^[0-9a-f]{32}$", description="only what was done to this subject")
]


@router.get("/audit", summary="Read the audit log", responses=answers(UNFIT))
@needs(Permission.AUDIT_READ)
def page(
    actor: Caller,
    records: Held,
    limit: Limit = DEFAULT,
    before_seq: Before = None,
    subject_id: About = None,
) -> AuditPage:
    """List what was done, newest first."""
    found = records.audit_trail.page(actor, limit, before_seq, subject_id)
    items = [
        AuditEntry(
            seq=entry.seq,
            at=entry.at,
            actor=entry.actor,
            action=entry.action,
            subject_id=entry.subject_id,
            details=dict(entry.details),
        )
        for entry in found
    ]
    more = len(found) == limit and found[-1].seq > 1
    return AuditPage(items=items, next=found[-1].seq if more else None)


@router.post("/audit/verify", summary="Verify the audit log", responses=answers(UNFIT))
@needs(Permission.AUDIT_READ)
@takes_long
def verify(actor: Caller, records: Held, against: Verification | None = None) -> Verified:
    """Read the whole log and say what is wrong with it: any edit, removal or reordering shows.

    A head that was kept elsewhere shows also whether an older copy of the whole log was put back.
    """
    given = against.head if against else None
    kept = read_head(given.model_dump()) if given else None
    found = records.audit_trail.verify(actor, kept)
    findings = [AuditTrouble(seq=each.seq, fault=each.fault, words=each.words) for each in found]
    return Verified(whole=not findings, findings=findings)


@router.get(
    "/audit/head",
    summary="Read where the audit log ends",
    responses=answers((404, "There is no log.")),
)
@needs(Permission.AUDIT_READ)
def head(actor: Caller, records: Held) -> AuditHead:
    """Answer the end of the log, worth keeping where nobody who can change the database can."""
    return AuditHead(**head_as_dict(records.audit_trail.head(actor)))
