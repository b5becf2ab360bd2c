"""The wire, retention: how long what is kept."""

from pydantic import Field

from visavis.entry.http_api.schemas_attributes import Schema
from visavis.usecases.retention_rules import FOR_GOOD, What


class RetentionRule(Schema):
    """How long something is kept."""

    what: What
    meaning: str = Field(description="what goes, and from when its days are counted")
    days: int | None = Field(description="for how many days; null = for good")
    is_default: bool = Field(description="whether your organisation has not said otherwise")
    default_days: int | None = Field(
        description="days where nobody says otherwise; null = for good"
    )


class RetentionRules(Schema):
    """The whole schedule. The audit log is kept for good."""

    rules: list[RetentionRule]


class RetentionChange(Schema):
    """How long something is to be kept."""

    days: int | None = Field(ge=1, lt=FOR_GOOD, description="for how many days; null = for good")
