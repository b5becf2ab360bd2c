"""The wire, files."""

from datetime import datetime

from pydantic import Field

from visavis.entry.http_api.schemas_attributes import Schema
from visavis.store.blobs.signing import LONGEST_LIFE

LONGEST_S = int(LONGEST_LIFE.total_seconds())
"""Longest life of a link."""


class Blob(Schema):
    """A file that is kept."""

    sha256: str = Field(description="SHA-256 of the content; also its name", pattern="^[0-9a-f]+$")
    size: int = Field(ge=1, description="bytes")
    media_type: str = Field(description="such as `image/jpeg`")
    created_at: datetime = Field(description="when it was kept last")


class LinkOrder(Schema):
    """What a link is to be like."""

    seconds: int = Field(3600, ge=1, le=LONGEST_S, description="how long it holds")
    name: str = Field(
        "",
        max_length=255,
        pattern=r"^[^/\\\x00-\x1f]*$",
        description="what the file is called when it is saved; empty = its SHA-256",
    )


class BlobLink(Schema):
    """A link that opens one file for whoever has it, until its time is over."""

    url: str
