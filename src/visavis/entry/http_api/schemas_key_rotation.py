"""The wire, keys: which there are, and rotating them; never a key itself."""

from datetime import datetime

from pydantic import Field

from visavis.entry.http_api.schemas_attributes import Schema
from visavis.usecases.key_rotation import Level


class KeyVersion(Schema):
    """A version of a key of the organisation."""

    purpose: str = Field(description="what it protects")
    version: int = Field(ge=1)
    root_id: str = Field(description="name of the root key that wraps it")
    created_at: datetime
    retired_at: datetime | None = Field(description="since when it protects nothing new")
    wraps: int = Field(ge=0, description="how many keys of subjects lie under it")


class KeyLevel(Schema):
    """What can be rotated."""

    level: Level
    meaning: str = Field(description="what these keys protect, and what their rotation does")


class VaultKeys(Schema):
    """The keys of the organisation."""

    root_id: str = Field(description="name of the root key under which new keys are wrapped")
    subject_keys: int = Field(ge=0, description="how many keys of subjects there are")
    keys: list[KeyVersion]
    levels: list[KeyLevel] = Field(description="what can be rotated")


class RotationOrder(Schema):
    """Which keys to rotate."""

    level: Level
    subject_id: str | None = Field(
        None, pattern="^[0-9a-f]{32}$", description="with `subjects`: only the key of this one"
    )


class RotationDone(Schema):
    """What a rotation did."""

    level: Level
    version: int | None = Field(
        description="the new version; null where each subject has their own, or there was no key"
    )
    renewed: int = Field(ge=0, description="how much was wrapped or sealed anew")
