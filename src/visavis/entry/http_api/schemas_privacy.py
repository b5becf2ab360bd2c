"""The wire, privacy: the rules of an organisation."""

from typing import Annotated

from pydantic import Field

from visavis.core.attributes import Head
from visavis.core.purposes import Purpose
from visavis.entry.http_api.schemas_attributes import Schema
from visavis.store.kinds import Mode

SetMode = Annotated[
    Mode,
    Field(
        description="`anonymous`: no template is ever made; `verify`: 1:1 only; `identify`: 1:N too"
    ),
]
Purposes = Annotated[
    frozenset[Purpose], Field(description="all that faces are processed for", max_length=64)
]
Attributes = Annotated[
    frozenset[Head], Field(description="all that may be said about a face", max_length=64)
]
AdultsOnly = Annotated[
    bool,
    Field(
        description="whether only those known to be of age may be enrolled; if not, a minor needs "
        "a guardian's consent"
    ),
]
AgreedNotice = Annotated[
    str,
    Field(
        pattern="^([0-9a-f]{32})?$",
        description="id of a notice: everybody whom a program enrols has agreed, as it says, and "
        "is of age, and you have their consent elsewhere; empty = nobody says so",
    ),
]
KeepPictures = Annotated[
    bool,
    Field(
        description="whether the pictures that people are enrolled from are kept, each sealed "
        "under the person's own key"
    ),
]
Confirm = Annotated[
    bool,
    Field(description="do it also where a stricter mode shuts templates away; none is erased"),
]


class NewRules(Schema):
    """All rules, in place of those in force."""

    mode: SetMode
    purposes: Purposes
    attributes: Attributes
    adults_only: AdultsOnly
    agreed_notice: AgreedNotice = ""
    keep_pictures: KeepPictures = False
    confirm: Confirm = False


class RulesChange(Schema):
    """What is to change; what is left out or null stays."""

    mode: SetMode | None = None
    purposes: Purposes | None = None
    attributes: Attributes | None = None
    adults_only: AdultsOnly | None = None
    agreed_notice: AgreedNotice | None = None
    keep_pictures: KeepPictures | None = None
    confirm: Confirm = False


class PrivacyRules(Schema):
    """The rules in force."""

    mode: SetMode
    purposes: list[Purpose] = Field(description="all that faces are processed for")
    attributes: list[Head] = Field(description="all that may be said about a face")
    adults_only: AdultsOnly
    agreed_notice: AgreedNotice
    keep_pictures: KeepPictures


class PossibleRules(Schema):
    """What may be chosen here."""

    purposes: dict[Purpose, str] = Field(description="each with what it means")
    attributes: list[Head] = Field(description="what the operator of the server allows")


class PrivacyState(PrivacyRules):
    """The rules in force, and what hangs on them."""

    templates: int = Field(ge=0, description="how many templates are sealed")
    possible: PossibleRules
