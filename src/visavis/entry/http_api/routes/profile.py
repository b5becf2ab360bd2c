"""`/api/v1/me`: the own account. Passwords, sessions and the second factor are in `auth`."""

from fastapi import APIRouter

from visavis.entry.http_api.access import Caller, Guarded, Held, in_person, logged_in
from visavis.entry.http_api.lists import UNFIT
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_auth import OnItsWay, PasswordAgain
from visavis.entry.http_api.schemas_profile import EmailCode, EmailOrder, Me, MeChange
from visavis.usecases.profile import Me as Read

router = APIRouter(prefix="/api/v1", tags=["profile"], route_class=Guarded)

_LETTER = OnItsWay(
    detail="If this address can be yours, a letter with a code is on its way to it; it may take a "
    "minute."
)


@router.get("/me", summary="Who am I?")
@logged_in
def read(actor: Caller, records: Held) -> Me:
    """Answer who asks; a program learns whose key it has, and what it may do with it."""
    return _shown(records.profile.read(actor))


@router.patch("/me", summary="Change the own name", responses=answers(UNFIT))
@in_person
def change(order: MeChange, actor: Caller, records: Held) -> Me:
    """Change the name of whoever asks."""
    records.profile.rename(actor, order.full_name)
    return _shown(records.profile.read(actor))


@router.delete(
    "/me",
    status_code=204,
    summary="Delete the own account",
    responses=answers(
        (403, "The password is wrong, a program asks, or the last owner would leave others."), UNFIT
    ),
)
@in_person
def delete(order: PasswordAgain, actor: Caller, records: Held) -> None:
    """Leave. Who is alone in an organisation takes it along, with all it has."""
    records.profile.delete(actor, order.password)


@router.post(
    "/me/email",
    status_code=202,
    summary="Ask for another e-mail address",
    responses=answers((403, "The password is wrong, or a program asks."), UNFIT),
)
@in_person
def ask_new_email(order: EmailOrder, actor: Caller, records: Held) -> OnItsWay:
    """Send a code to another address. The answer does not tell whether it is somebody's."""
    records.profile.ask_new_email(actor, order.password, order.email)
    return _LETTER


@router.post(
    "/me/email/confirm",
    status_code=204,
    summary="Confirm another e-mail address",
    responses=answers(
        (409, "It has become somebody else's meanwhile."),
        (422, "The code is wrong or has expired."),
    ),
)
@in_person
def confirm_new_email(order: EmailCode, actor: Caller, records: Held) -> None:
    """Take the address that the code went to: five tries, ten minutes. The old one is told."""
    records.profile.confirm_new_email(actor, order.code)


def _shown(me: Read) -> Me:
    return Me(
        id=me.user_id,
        email=me.email,
        full_name=me.full_name,
        role=me.role,
        permissions=sorted(me.permissions),
        tenant_id=me.tenant_id,
        organisation=me.organisation,
        is_host=me.is_host,
        second_factor=me.second_factor,
        created_at=me.created_at,
        last_login_at=me.last_login_at,
    )
