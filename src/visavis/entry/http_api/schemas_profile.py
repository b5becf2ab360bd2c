"""The wire, the own account."""

from datetime import datetime

from pydantic import Field

from visavis.core.roles import Role
from visavis.entry.http_api.schemas_attributes import Schema
from visavis.entry.http_api.schemas_auth import Email, FullName, MailCode, Password


class Me(Schema):
    """Who asks."""

    id: str
    email: str
    full_name: str
    role: Role
    permissions: list[str] = Field(description="all that whoever asks may do, sorted")
    tenant_id: str = Field(description="of the organisation")
    organisation: str = Field(description="what it is called")
    is_host: bool = Field(description="whether it runs this server")
    second_factor: bool = Field(description="whether logging in takes a second factor")
    created_at: datetime
    last_login_at: datetime | None = Field(description="null = never")


class MeChange(Schema):
    """What changes of the own account."""

    full_name: FullName


class EmailOrder(Schema):
    """Another address, and the password to show that it is you who asks."""

    password: Password
    email: Email


class EmailCode(Schema):
    """The code that went to the new address."""

    code: MailCode
