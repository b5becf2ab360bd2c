"""The wire, users of an organisation."""

from datetime import datetime
from typing import Literal, Self

from pydantic import Field, model_validator

from visavis.core.roles import Role
from visavis.entry.http_api.schemas_attributes import Schema
from visavis.store.kinds import UserState


class User(Schema):
    """Somebody who logs in, or is invited to."""

    id: str
    email: str
    full_name: str = Field(description="as they wrote it; empty until they have")
    role: Role
    state: UserState = Field(description="`unverified` = has not accepted the invitation yet")
    second_factor: bool = Field(description="whether logging in takes a second factor")
    created_at: datetime
    last_login_at: datetime | None = Field(description="null = never")


class UserPage(Schema):
    """A part of the list, newest first."""

    items: list[User]
    next: str | None = Field(description="the cursor of the part that follows; null = the last")


class UserChange(Schema):
    """What changes; at least one of them."""

    role: Role | None = Field(None, description="what they may do")
    state: Literal["active", "disabled"] | None = Field(
        None, description="whether they may log in; sessions end, keys are worth nothing meanwhile"
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.role is None and self.state is None:
            raise ValueError("give a role or a state")
        return self
