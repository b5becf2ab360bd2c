"""What is kept for a time, and how long where a tenant has not said.

The audit log is not among it: an entry that could be removed would prove nothing.
"""

from dataclasses import dataclass
from enum import StrEnum

from visavis.core.errors import InvalidInput
from visavis.store.retention import LONGEST_DAYS
from visavis.store.work import Work

FOR_GOOD = LONGEST_DAYS
"""How it is written that somebody wants something kept for good: a century."""


class What(StrEnum):
    """What is kept for a time."""

    TEMPLATES = "templates"
    TEMPLATES_UNUSED = "templates_unused"
    PEOPLE_WITHOUT_CONSENT = "people_without_consent"
    FILES_UNUSED = "files_unused"
    LOGINS_ENDED = "logins_ended"
    RECEIPTS = "receipts"
    RESULTS = "results"

    @property
    def meaning(self) -> str:
        """Say in one line what goes, and from when its days are counted."""
        return _MEANINGS[self]

    @property
    def default(self) -> int | None:
        """How many days where a tenant has not said; None = for good."""
        return _DEFAULTS[self]


_MEANINGS = {
    What.TEMPLATES: "Templates, from when they were made, also those to log in with; people have "
    "to enrol again then.",
    What.TEMPLATES_UNUSED: "Templates of people with whom nothing was done: no enrolment, no "
    "identification, no consent, no export.",
    What.PEOPLE_WITHOUT_CONSENT: "People none of whose consents holds, from when the last one "
    "ended or from when they were made known; they are erased.",
    What.FILES_UNUSED: "Files that nothing needs, from when they were sent last.",
    What.LOGINS_ENDED: "Logins that are over, with address and browser, and codes that expired.",
    What.RECEIPTS: "Receipts of erasures; without one an erasure can be told only from the audit "
    "log.",
    What.RESULTS: "Results of analyses, from when they were made: pictures and what was found.",
}
_DEFAULTS = {
    What.TEMPLATES: None,
    What.TEMPLATES_UNUSED: None,
    What.PEOPLE_WITHOUT_CONSENT: 30,
    What.FILES_UNUSED: 1,
    What.LOGINS_ENDED: 30,
    What.RECEIPTS: None,
    What.RESULTS: None,
}


@dataclass(frozen=True, slots=True)
class Rule:
    """How long something is kept.

    Attributes:
        what: What.
        days: For how many days; None = for good.
        is_default: Whether the tenant has not said otherwise.
    """

    what: What
    days: int | None
    is_default: bool


def rules_of(work: Work, tenant_id: str) -> tuple[Rule, ...]:
    """Return the whole schedule of a tenant."""
    said = {rule.what: rule.days for rule in work.retention.all(tenant_id)}
    return tuple(_as_rule(what, said.get(what.value)) for what in What)


def parse_what(text: str) -> What:
    """Return what a schedule may name.

    Raises:
        InvalidInput: it is unknown, or never removed.
    """
    if text == "audit":
        raise InvalidInput(
            "the audit log is kept for good: an entry that could be removed would prove nothing"
        )
    if text not in set(What):
        raise InvalidInput(f"there is no retention of {text[:50]!r}; choose from {', '.join(What)}")
    return What(text)


def rule_of(work: Work, tenant_id: str, what: What) -> Rule:
    """Return one line of the schedule of a tenant."""
    found = work.retention.find(tenant_id, what.value)
    return _as_rule(what, found.days if found else None)


def _as_rule(what: What, said: int | None) -> Rule:
    if said is None:
        return Rule(what, what.default, is_default=True)
    return Rule(what, None if said == FOR_GOOD else said, is_default=False)
