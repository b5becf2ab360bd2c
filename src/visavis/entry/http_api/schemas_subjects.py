"""The wire, subjects: the people whose faces are known."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from visavis.entry.http_api.schemas_attributes import Schema
from visavis.entry.http_api.schemas_collections import CollectionName
from visavis.usecases.subject_profiles import LONGEST_NAME, LONGEST_NOTES, LONGEST_REFERENCE

Reference = Annotated[
    str | None,
    Field(
        max_length=LONGEST_REFERENCE,
        repr=False,
        description="your own name or number for them; nobody else has it",
        examples=["customer 1815"],
    ),
]
Name = Annotated[
    str | None,
    Field(max_length=LONGEST_NAME, repr=False, description="what people call them"),
]
Notes = Annotated[
    str | None, Field(max_length=LONGEST_NOTES, repr=False, description="whatever else")
]
Adult = Annotated[bool | None, Field(description="whether they are of age; null = nobody has said")]


class NewSubject(Schema):
    """Somebody whose face will be known; whatever is said of them is optional, and sealed."""

    reference: Reference = None
    name: Name = None
    notes: Notes = None
    adult: Adult = None
    collection: CollectionName | None = Field(
        default=None, description="name of the collection they are in for good; null = none"
    )


class SubjectChange(Schema):
    """What is to change; what is left out stays, null takes a value away."""

    reference: Reference = None
    name: Name = None
    notes: Notes = None
    adult: Adult = None


class Subject(Schema):
    """Somebody whose face is known."""

    id: str
    created_at: datetime
    reference: Reference
    name: Name
    notes: Notes
    adult: Adult
    collection: str | None = Field(description="where they are; null = in none")


class SubjectPage(Schema):
    """A part of the list, newest first."""

    items: list[Subject]
    next: str | None = Field(description="the cursor of the part that follows; null = the last")
