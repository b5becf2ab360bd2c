"""`/api/v1/invitations`: others are asked in, and come in."""

from fastapi import APIRouter

from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Guarded, Held, needs, open_to_all
from visavis.entry.http_api.lists import UNFIT, RowId
from visavis.entry.http_api.routes.users import shown
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_invitations import (
    Acceptance,
    Invitation,
    InvitationSecret,
    NewInvitation,
)
from visavis.entry.http_api.schemas_users import User

router = APIRouter(prefix="/api/v1", tags=["users"], route_class=Guarded)

_DEAD = (404, "The link was used, taken back or sent again, or it is older than seven days.")


@router.post(
    "/invitations",
    status_code=201,
    summary="Invite somebody",
    responses=answers((409, "They are here already, or invited already."), UNFIT),
)
@needs(Permission.USERS_WRITE)
def invite(order: NewInvitation, actor: Caller, records: Held) -> User:
    """Send a link by mail, with which somebody becomes a user; it works once, for seven days.

    Nothing here tells whether the address has an account in another organisation.
    """
    return shown(records.invitations.invite(actor, order.email, order.role))


@router.post(
    "/users/{user_id}/invitation",
    status_code=204,
    summary="Send an invitation again",
    responses=answers((404, "There is no such user here, or they have accepted."), UNFIT),
)
@needs(Permission.USERS_WRITE)
def again(user_id: RowId, actor: Caller, records: Held) -> None:
    """Send another link, for another seven days; the one before is dead."""
    records.invitations.again(actor, user_id)


@router.post(
    "/invitations/look", summary="What is this invitation to?", responses=answers(_DEAD, UNFIT)
)
@open_to_all
def look(order: InvitationSecret, records: Held) -> Invitation:
    """Answer what somebody is invited to, before they accept."""
    found = records.invitations.look(order.secret)
    return Invitation(email=found.email, organisation=found.organisation, role=found.role)


@router.post(
    "/invitations/accept",
    status_code=201,
    summary="Accept an invitation",
    responses=answers(
        _DEAD,
        (409, "There is an account with this address by now."),
        (422, "The password would be guessed soon, or the name cannot be used."),
    ),
)
@open_to_all
def accept(order: Acceptance, records: Held) -> User:
    """Become a user; then log in with the address and the password."""
    return shown(records.invitations.accept(order.secret, order.full_name, order.password))
