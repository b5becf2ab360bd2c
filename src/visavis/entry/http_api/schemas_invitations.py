"""The wire, invitations."""

from typing import Annotated

from pydantic import Field

from visavis.core.roles import Role
from visavis.entry.http_api.schemas_attributes import Schema
from visavis.entry.http_api.schemas_auth import Email, FullName, Password

_LONGEST_SECRET = 200

LinkSecret = Annotated[
    str, Field(max_length=_LONGEST_SECRET, repr=False, description="from the link in the letter")
]


class NewInvitation(Schema):
    """Who is invited, and to what."""

    email: Email
    role: Role = Field(description="what they will be; not above whoever invites")


class InvitationSecret(Schema):
    """What shows that somebody was invited."""

    secret: LinkSecret


class Invitation(Schema):
    """What an invitation is to."""

    email: str = Field(description="who is invited; they will log in with it")
    organisation: str = Field(description="where to")
    role: Role = Field(description="what they will be there")


class Acceptance(Schema):
    """Who accepts an invitation, and the password that they choose."""

    secret: LinkSecret
    full_name: FullName
    password: Password
