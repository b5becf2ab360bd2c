"""`/api/v1/privacy/retention`: how long an organisation keeps what."""

from typing import Annotated

from fastapi import APIRouter, Path

from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Guarded, Held, needs
from visavis.entry.http_api.lists import UNFIT
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_retention import (
    RetentionChange,
    RetentionRule,
    RetentionRules,
)
from visavis.usecases.retention_rules import Rule, What, parse_what

router = APIRouter(prefix="/api/v1", tags=["privacy"], route_class=Guarded)

Kept = Annotated[
    str,
    Path(max_length=32, description="what is kept", json_schema_extra={"enum": [*map(str, What)]}),
]


@router.get("/privacy/retention", summary="Read the retention schedule")
@needs(Permission.PRIVACY_READ)
def read(actor: Caller, records: Held) -> RetentionRules:
    """Answer how long what is kept. The audit log is not in it: it is kept for good."""
    return RetentionRules(rules=[_shown(rule) for rule in records.retention.rules(actor)])


@router.put(
    "/privacy/retention/{what}",
    summary="Change how long something is kept",
    responses=answers(UNFIT),
)
@needs(Permission.PRIVACY_WRITE)
def put(what: Kept, change: RetentionChange, actor: Caller, records: Held) -> RetentionRule:
    """Change the days; what is older then goes within the hour."""
    return _shown(records.retention.set(actor, parse_what(what), change.days))


@router.delete(
    "/privacy/retention/{what}", summary="Keep something as long as usual", responses=answers(UNFIT)
)
@needs(Permission.PRIVACY_WRITE)
def delete(what: Kept, actor: Caller, records: Held) -> RetentionRule:
    """Go back to the days that hold where nobody says otherwise."""
    return _shown(records.retention.reset(actor, parse_what(what)))


def _shown(rule: Rule) -> RetentionRule:
    return RetentionRule(
        what=rule.what,
        meaning=rule.what.meaning,
        days=rule.days,
        is_default=rule.is_default,
        default_days=rule.what.default,
    )
