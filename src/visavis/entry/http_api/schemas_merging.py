"""The wire, merging: templates that turn out to be somebody else's."""

from typing import Annotated

from pydantic import Field

from visavis.entry.http_api.schemas_attributes import Schema
from visavis.entry.http_api.schemas_subjects import Name, Notes, Reference, Subject
from visavis.usecases.template_forms import MOST

Id = Annotated[str, Field(pattern="^[0-9a-f]{32}$", description="32 lower-case hex characters")]
Ids = Annotated[list[Id], Field(min_length=1, max_length=MOST, description="ids of templates")]


class Into(Schema):
    """With whom somebody is merged."""

    into: Id


class Merged(Schema):
    """Two subjects that were one person."""

    subject: Subject = Field(description="who is left")
    template_ids: list[str] = Field(
        description="those that came from the other one; a split with them undoes the merge"
    )


class Division(Schema):
    """Which templates are somebody else's, and what they are called."""

    template_ids: Ids
    reference: Reference = None
    name: Name = None
    notes: Notes = None


class ToMove(Schema):
    """Which templates are given to the subject."""

    template_ids: Ids


class Moved(Schema):
    """What came of it."""

    template_ids: list[str] = Field(description="those that moved; others were theirs already")
