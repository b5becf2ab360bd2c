"""The wire, logging in: what is sent to get in, and what comes back."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from visavis.credentials.one_time_codes import LONGEST_TYPED
from visavis.credentials.weak_passwords import LONGEST as LONGEST_PASSWORD
from visavis.entry.http_api.schemas_attributes import Schema
from visavis.mail.addresses import LONGEST as LONGEST_EMAIL
from visavis.usecases.names import LONGEST as LONGEST_NAME

_LONGEST_SECRET = 200

Email = Annotated[str, Field(max_length=LONGEST_EMAIL, repr=False, examples=["ann@firm.example"])]
FullName = Annotated[str, Field(max_length=LONGEST_NAME, repr=False, examples=["Ann Lee"])]
Organisation = Annotated[
    str, Field(max_length=LONGEST_NAME, description="what yours is called; empty = as you")
]
Password = Annotated[str, Field(max_length=LONGEST_PASSWORD, repr=False)]
MailCode = Annotated[
    str, Field(max_length=LONGEST_TYPED, repr=False, description="6 digits, from the letter")
]


class RegistrationOrder(Schema):
    """Who wants an account."""

    email: Email
    full_name: FullName
    password: Password
    organisation: Organisation = ""


class Confirmation(Schema):
    """The code that shows whose an address is."""

    email: Email
    code: MailCode


class Addressee(Schema):
    """Whom a letter is for."""

    email: Email


class OnItsWay(Schema):
    """The same answer whether there is an account or not."""

    detail: str = Field(description="what happens if there is one")


class LogInOrder(Schema):
    """Who wants to log in."""

    email: Email
    password: Password
    code: str = Field(
        "",
        max_length=40,
        repr=False,
        description="of the authenticator app, or a recovery code; only with a second factor",
    )


class RefreshOrder(Schema):
    """What is exchanged for new tokens."""

    refresh_token: str = Field(max_length=_LONGEST_SECRET, repr=False)


class TokenPair(Schema):
    """What opens the API."""

    access_token: str = Field(description="send it as `Authorization: Bearer …`")
    refresh_token: str = Field(
        description="exchange it before the session ends; it is good once, and one that comes "
        "twice ends the session"
    )
    token_type: str = Field("Bearer", description="`Bearer`")
    expires_in: int = Field(ge=1, description="how long the access token is good, seconds")
    session_id: str = Field(description="of this login")


class NewPasswordOrder(Schema):
    """A new password, with the code that allows it."""

    email: Email
    code: MailCode
    password: Password


class PasswordChange(Schema):
    """A new password, with the one before."""

    current: Password
    new: Password


class PasswordAgain(Schema):
    """The password, asked for again before something grave."""

    password: Password


class AppCode(Schema):
    """What the authenticator app shows."""

    code: str = Field(max_length=LONGEST_TYPED, repr=False)


class TotpOffer(Schema):
    """A secret for an authenticator app; it is shown once, and counts once it was confirmed."""

    secret: str = Field(description="to be typed into the app, base32")
    uri: str = Field(description="the same as an `otpauth://` address, to be shown as a QR code")


class RecoverySet(Schema):
    """Recovery codes; they are shown once, and each works once."""

    recovery_codes: list[str] = Field(min_length=10, max_length=10)


class Session(Schema):
    """A login that goes on."""

    id: str
    created_at: datetime
    last_seen_at: datetime = Field(description="to the minute")
    expires_at: datetime = Field(description="when it ends without another visit")
    address: str = Field(description="where it came from")
    user_agent: str = Field(description="what the program called itself")
    current: bool = Field(description="whether it is the one that asks")


class SessionPage(Schema):
    """A part of the list, newest first."""

    items: list[Session]
    next: str | None = Field(description="the cursor of the part that follows; null = the last")


class EndedSessions(Schema):
    """How many sessions were ended."""

    sessions: int = Field(ge=0)


class SetUpOrder(Schema):
    """The first owner of a fresh server."""

    secret: str = Field(
        max_length=_LONGEST_SECRET, repr=False, description="from the link that the server printed"
    )
    email: Email
    full_name: FullName
    password: Password
    organisation: Organisation = ""


class Owner(Schema):
    """The owner that was made."""

    id: str
    tenant_id: str
    email: str
    full_name: str
