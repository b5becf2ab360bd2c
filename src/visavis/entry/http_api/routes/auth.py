"""`/api/v1/auth`, and what everybody may do about their own logging in, below `/api/v1/me`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from visavis.entry.http_api.access import Address, Caller, Guarded, Held, in_person, open_to_all
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_auth import (
    Addressee,
    AppCode,
    Confirmation,
    EndedSessions,
    LogInOrder,
    NewPasswordOrder,
    OnItsWay,
    Owner,
    PasswordAgain,
    PasswordChange,
    RecoverySet,
    RefreshOrder,
    RegistrationOrder,
    Session,
    SessionPage,
    SetUpOrder,
    TokenPair,
    TotpOffer,
)
from visavis.store.page import DEFAULT, MOST
from visavis.usecases.sign_in import Tokens


async def _not_kept(response: Response) -> None:
    """Have nobody on the way keep an answer with secrets in it."""
    response.headers["Cache-Control"] = "no-store"


router = APIRouter(
    prefix="/api/v1",
    tags=["logging in"],
    route_class=Guarded,
    dependencies=[Depends(_not_kept)],
)

Limit = Annotated[int, Query(ge=1, le=MOST, description="most items")]
Cursor = Annotated[str | None, Query(max_length=100, description="`next` of the part before")]
SessionId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]

_LETTER = OnItsWay(
    detail="If this address is known here, or can be, a letter is on its way to it; it may take a "
    "minute."
)
_REFUSED = (401, "Not with these; of the type `second-factor` where only its code is missing.")
_UNFIT = (422, "The input does not fit; `detail` says what is wrong.")
_WRONG_CODE = (422, "The code is wrong or has expired, or the password would be guessed soon.")
_WRONG_PASSWORD = (403, "The password is wrong, or a program asks.")


@router.post(
    "/auth/register",
    status_code=202,
    summary="Ask for an account",
    responses=answers((403, "Nobody can register here; ask for an invitation."), _UNFIT),
)
@open_to_all
def register(order: RegistrationOrder, records: Held, address: Address) -> OnItsWay:
    """Make an account that waits for the code which is sent to its address.

    Whoever has an account gets a letter that says so. The answer is the same.
    """
    records.registration.register(
        order.email,
        order.full_name,
        order.password,
        address=address,
        organisation=order.organisation,
    )
    return _LETTER


@router.post(
    "/auth/confirm",
    status_code=204,
    summary="Confirm an address",
    responses=answers((422, "The code is wrong or has expired.")),
)
@open_to_all
def confirm(order: Confirmation, records: Held, address: Address) -> None:
    """Let an account count, with the code from the letter: five tries, ten minutes."""
    records.registration.confirm(order.email, order.code, address=address)


@router.post(
    "/auth/resend", status_code=202, summary="Ask for another code", responses=answers(_UNFIT)
)
@open_to_all
def resend(order: Addressee, records: Held, address: Address) -> OnItsWay:
    """Send another code, where an account waits for one."""
    records.registration.resend(order.email, address=address)
    return _LETTER


@router.post(
    "/auth/login",
    summary="Log in",
    responses=answers(_REFUSED, _UNFIT),
)
@open_to_all
def log_in(request: Request, order: LogInOrder, records: Held, address: Address) -> TokenPair:
    """Begin a session and get its first two tokens."""
    tokens = records.sign_in.log_in(
        order.email,
        order.password,
        order.code,
        address=address,
        user_agent=request.headers.get("user-agent", ""),
    )
    return _pair(tokens)


@router.post(
    "/auth/refresh",
    summary="Exchange a refresh token",
    responses=answers((401, "The token is not good, or not any more."), _UNFIT),
)
@open_to_all
def refresh(order: RefreshOrder, records: Held) -> TokenPair:
    """Get the next two tokens. A refresh token is good once; sent twice, the session ends."""
    return _pair(records.sign_in.refresh(order.refresh_token))


@router.post("/auth/logout", status_code=204, summary="Log out")
@in_person
def log_out(actor: Caller, records: Held) -> None:
    """End the session that asks."""
    records.sign_in.log_out(actor)


@router.post("/auth/logout-everywhere", summary="Log out everywhere", responses=answers(_UNFIT))
@in_person
def log_out_everywhere(
    actor: Caller,
    records: Held,
    keep_this: Annotated[bool, Query(description="whether the session that asks goes on")] = False,
) -> EndedSessions:
    """End all sessions of whoever asks."""
    return EndedSessions(sessions=records.sign_in.log_out_everywhere(actor, keep_this=keep_this))


@router.post(
    "/auth/forgot", status_code=202, summary="Forgot the password", responses=answers(_UNFIT)
)
@open_to_all
def forgot(order: Addressee, records: Held, address: Address) -> OnItsWay:
    """Send a code with which a new password can be chosen, where there is an account."""
    records.passwords.forgot(order.email, address=address)
    return _LETTER


@router.post(
    "/auth/reset", status_code=204, summary="Choose a new password", responses=answers(_WRONG_CODE)
)
@open_to_all
def reset(order: NewPasswordOrder, records: Held, address: Address) -> None:
    """Choose a new password with the code from the letter; all sessions end."""
    records.passwords.reset(order.email, order.code, order.password, address=address)


@router.get("/me/sessions", summary="Where am I logged in?", responses=answers(_UNFIT))
@in_person
def sessions(
    actor: Caller, records: Held, limit: Limit = DEFAULT, cursor: Cursor = None
) -> SessionPage:
    """List the sessions that go on, newest first."""
    page = records.sign_in.sessions(actor, limit, cursor)
    items = [
        Session(
            id=session.id,
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
            expires_at=session.expires_at,
            address=session.address,
            user_agent=session.user_agent,
            current=session.id == actor.session_id,
        )
        for session in page.items
    ]
    return SessionPage(items=items, next=page.next)


@router.delete(
    "/me/sessions/{session_id}",
    status_code=204,
    summary="End a session",
    responses=answers((404, "You have no such session."), (422, "It is no id of a session.")),
)
@in_person
def end_session(session_id: SessionId, actor: Caller, records: Held) -> None:
    """End one session of whoever asks."""
    records.sign_in.end_session(actor, session_id)


@router.post(
    "/me/password",
    status_code=204,
    summary="Change the password",
    responses=answers(_WRONG_PASSWORD, (422, "The new password would be guessed soon.")),
)
@in_person
def change_password(order: PasswordChange, actor: Caller, records: Held) -> None:
    """Change the password; the other sessions end."""
    records.passwords.change(actor, order.current, order.new)


@router.post(
    "/me/totp",
    status_code=201,
    summary="Begin a second factor",
    responses=answers(_WRONG_PASSWORD, (409, "There is one; remove it first."), _UNFIT),
)
@in_person
def begin_totp(order: PasswordAgain, actor: Caller, records: Held) -> TotpOffer:
    """Make a secret for an authenticator app; it counts once a code of it was sent here."""
    offer = records.second_factor.begin(actor, order.password)
    return TotpOffer(secret=offer.secret, uri=offer.uri)


@router.post(
    "/me/totp/confirm",
    summary="Confirm a second factor",
    responses=answers(
        (404, "Nothing was begun."), (409, "There is one already."), (422, "The code is wrong.")
    ),
)
@in_person
def confirm_totp(order: AppCode, actor: Caller, records: Held) -> RecoverySet:
    """Turn the second factor on and get the recovery codes."""
    return RecoverySet(recovery_codes=list(records.second_factor.confirm(actor, order.code)))


@router.delete(
    "/me/totp",
    status_code=204,
    summary="Remove the second factor",
    responses=answers(_WRONG_PASSWORD, (404, "There is none."), _UNFIT),
)
@in_person
def remove_totp(order: PasswordAgain, actor: Caller, records: Held) -> None:
    """Log in without a second factor from now on."""
    records.second_factor.remove(actor, order.password)


@router.post(
    "/me/recovery-codes",
    status_code=201,
    summary="Make new recovery codes",
    responses=answers(_WRONG_PASSWORD, (404, "There is no second factor."), _UNFIT),
)
@in_person
def new_recovery_codes(order: PasswordAgain, actor: Caller, records: Held) -> RecoverySet:
    """Make ten new codes; the ones before are worth nothing now."""
    codes = records.second_factor.new_recovery_codes(actor, order.password)
    return RecoverySet(recovery_codes=list(codes))


@router.post(
    "/set-up",
    status_code=201,
    summary="Set a fresh server up",
    responses=answers((403, "The link does not work, or the server is set up already."), _UNFIT),
)
@open_to_all
def set_up(order: SetUpOrder, records: Held) -> Owner:
    """Make the first owner, with the secret of the link that the server printed."""
    user = records.set_up.create_owner(
        order.email,
        order.full_name,
        order.password,
        organisation=order.organisation,
        secret=order.secret,
    )
    return Owner(id=user.id, tenant_id=user.tenant_id, email=user.email, full_name=user.full_name)


def _pair(tokens: Tokens) -> TokenPair:
    return TokenPair(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        token_type="Bearer",  # noqa: S106  # no password
        expires_in=tokens.expires_in_s,
        session_id=tokens.session_id,
    )
