"""`/api/v1/privacy`: what an organisation does with faces, what for, and what it says of them."""

from fastapi import APIRouter

from visavis.core.attributes import Head
from visavis.core.purposes import MEANINGS
from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Guarded, Held, needs
from visavis.entry.http_api.lists import UNFIT
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_privacy import (
    NewRules,
    PossibleRules,
    PrivacyRules,
    PrivacyState,
    RulesChange,
)

router = APIRouter(prefix="/api/v1", tags=["privacy"], route_class=Guarded)

_NO_NOTICE = (404, "There is no such notice here.")


@router.get("/privacy", summary="Read the privacy rules")
@needs(Permission.PRIVACY_READ)
def read(actor: Caller, records: Held) -> PrivacyState:
    """Answer the rules in force, and what else could be chosen."""
    rules, attributes = records.privacy.rules(actor), records.privacy.possible_attributes
    return PrivacyState(
        **rules.as_dict(),
        templates=records.privacy.templates(actor),
        possible=PossibleRules(
            purposes=dict(MEANINGS), attributes=[head for head in Head if head in attributes]
        ),
    )


@router.put("/privacy", summary="Set the privacy rules", responses=answers(_NO_NOTICE, UNFIT))
@needs(Permission.PRIVACY_WRITE)
def put(rules: NewRules, actor: Caller, records: Held) -> PrivacyRules:
    """Set all rules. A stricter mode while there are templates needs `confirm`; none is erased."""
    return PrivacyRules(**records.privacy.change(actor, **dict(rules)).as_dict())


@router.patch(
    "/privacy", summary="Change some of the privacy rules", responses=answers(_NO_NOTICE, UNFIT)
)
@needs(Permission.PRIVACY_WRITE)
def patch(rules: RulesChange, actor: Caller, records: Held) -> PrivacyRules:
    """Change what is given. A stricter mode while there are templates needs `confirm`."""
    return PrivacyRules(**records.privacy.change(actor, **dict(rules)).as_dict())
