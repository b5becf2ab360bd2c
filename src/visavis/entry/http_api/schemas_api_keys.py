"""The wire, API keys."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from visavis.credentials.roles import ALL, Permission
from visavis.entry.http_api.schemas_attributes import Schema
from visavis.usecases.api_keys import DEFAULT_DAYS, MOST_DAYS, MOST_NAME

_MOST_SCOPES = len(Permission) + 1
_LONGEST_SCOPE = 32

Scope = Annotated[
    str,
    Field(
        max_length=_LONGEST_SCOPE, json_schema_extra={"examples": [ALL, Permission.ANALYSE.value]}
    ),
]


class NewKey(Schema):
    """The key to make."""

    name: str = Field(min_length=1, max_length=MOST_NAME, description="what people call it")
    scopes: list[Scope] = Field(
        min_length=1,
        max_length=_MOST_SCOPES,
        description=f"what it may do, of what its maker may do at that time; `{ALL}` = all of it, "
        f"or some of: {', '.join(Permission)}",
    )
    days: int | None = Field(
        DEFAULT_DAYS, ge=1, le=MOST_DAYS, description="how long it works; null = until revoked"
    )


class Key(Schema):
    """A key, without its secret."""

    id: str
    user_id: str = Field(description="who made it, and on whose behalf it acts")
    name: str
    scopes: list[str] = Field(description="what it may do, of what its maker may do now; sorted")
    created_at: datetime
    expires_at: datetime | None = Field(description="null = it lasts")
    last_used_at: datetime | None = Field(description="to the minute; null = never")
    revoked_at: datetime | None = Field(description="null = it was not taken back")


class MadeKey(Key):
    """A key that has just been made."""

    secret: str = Field(
        description="send it as `Authorization: Bearer …`; it is shown this once and kept nowhere"
    )


class KeyPage(Schema):
    """A part of the list, newest first."""

    items: list[Key]
    next: str | None = Field(description="the cursor of the part that follows; null = the last")
