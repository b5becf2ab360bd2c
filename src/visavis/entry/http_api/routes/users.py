"""`/api/v1/users`: who belongs to an organisation, and what they may do there."""

from fastapi import APIRouter

from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Guarded, Held, needs
from visavis.entry.http_api.lists import UNFIT, Cursor, Limit, RowId
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_users import User, UserChange, UserPage
from visavis.store.kinds import UserState
from visavis.store.page import DEFAULT
from visavis.store.users import User as Kept
from visavis.usecases.second_factor import has_second_factor

router = APIRouter(prefix="/api/v1", tags=["users"], route_class=Guarded)

_ABSENT = (404, "There is no such user here.")
_REFUSED = (403, "It is yourself, somebody above you, or nobody would be an owner any more.")


@router.get("/users", summary="List the users", responses=answers(UNFIT))
@needs(Permission.USERS_READ)
def page(actor: Caller, records: Held, limit: Limit = DEFAULT, cursor: Cursor = None) -> UserPage:
    """List all users of the organisation, newest first, also those who are only invited."""
    found = records.users.page(actor, limit, cursor)
    return UserPage(items=[shown(user) for user in found.items], next=found.next)


@router.patch(
    "/users/{user_id}", summary="Change a user", responses=answers(_REFUSED, _ABSENT, UNFIT)
)
@needs(Permission.USERS_WRITE)
def change(user_id: RowId, order: UserChange, actor: Caller, records: Held) -> User:
    """Change role or state, or both at once; never above the own role."""
    state = UserState(order.state) if order.state else None
    return shown(records.users.change(actor, user_id, role=order.role, state=state))


@router.delete(
    "/users/{user_id}",
    status_code=204,
    summary="Remove a user",
    responses=answers(_REFUSED, _ABSENT, UNFIT),
)
@needs(Permission.USERS_WRITE)
def remove(user_id: RowId, actor: Caller, records: Held) -> None:
    """Remove a user with their sessions and keys; an invitation is taken back."""
    records.users.remove(actor, user_id)


def shown(user: Kept) -> User:
    """Return a user as the wire shows them."""
    return User(
        id=user.id,
        email=user.email,
        full_name=user.full_name,
        role=user.role,
        state=user.state,
        second_factor=has_second_factor(user),
        created_at=user.created_at,
        last_login_at=user.last_login_at,
    )
