"""The wire, notices: what people are told before they consent."""

from datetime import datetime

from pydantic import Field

from visavis.core.purposes import Purpose
from visavis.entry.http_api.schemas_attributes import Schema
from visavis.usecases.notices import LONGEST, LONGEST_TAG, SHORTEST


class NewNotice(Schema):
    """What people are told from now on."""

    purpose: Purpose = Field(description="what they are asked to consent to")
    language: str = Field(
        max_length=LONGEST_TAG, description="tag of BCP 47", examples=["en", "pt-BR"]
    )
    text: str = Field(
        min_length=SHORTEST,
        max_length=LONGEST,
        description="word for word: who processes what, why, for how long, how to withdraw",
    )


class Notice(Schema):
    """What people are told; a version never changes."""

    id: str
    purpose: str = Field(description="what they are asked to consent to")
    version: int = Field(ge=1, description="counted for each purpose and language")
    language: str = Field(description="tag of BCP 47")
    text: str
    created_at: datetime


class NoticePage(Schema):
    """A part of the list, newest first."""

    items: list[Notice]
    next: str | None = Field(description="the cursor of the part that follows; null = the last")
