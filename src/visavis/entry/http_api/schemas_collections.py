"""The wire, collections: parts of an organisation's people that are searched on their own."""

from datetime import datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import Field

from visavis.entry.http_api.schemas_attributes import Schema
from visavis.usecases.collections import LONGEST_COLLECTION

_NAME = r"^[A-Za-z0-9._:@-]+$"

CollectionName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_COLLECTION,
        pattern=_NAME,
        description="letters, digits or any of . _ : @ -; no other collection is called so",
        examples=["visitors"],
    ),
]
PathOfCollection = Annotated[str, Path(max_length=LONGEST_COLLECTION, pattern=_NAME)]
InCollection = Annotated[
    str | None,
    Query(
        max_length=LONGEST_COLLECTION,
        pattern=_NAME,
        description="name of the collection; without it, the people who are in none",
    ),
]
"""Where people are looked for, as a parameter of an endpoint."""


class NewCollection(Schema):
    """A collection to be made."""

    name: CollectionName


class Collection(Schema):
    """A part of the people that is searched on its own."""

    name: str
    created_at: datetime


class CollectionPage(Schema):
    """A part of the list, newest first."""

    items: list[Collection]
    next: str | None = Field(description="the cursor of the part that follows; null = the last")


class SizedCollection(Collection):
    """A collection with how much it holds."""

    subjects: int = Field(ge=0, description="people in it")
    templates: int = Field(ge=0, description="theirs")


class RemovedCollection(Schema):
    """What came of removing a collection."""

    name: str
    erased: int = Field(ge=0, description="people who are erased; each has a receipt")
    left: int = Field(
        ge=0, description="people who are being erased now; nobody finds them any more"
    )
