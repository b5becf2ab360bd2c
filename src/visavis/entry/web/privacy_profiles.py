"""What a person is called: shown in lists, filled in, and where their page is."""

from typing import TypedDict

from visavis.entry.web.fields import Choice, area, choices, line
from visavis.entry.web.privacy_frame import PEOPLE, PERSON
from visavis.entry.web.questions import Form
from visavis.usecases.subject_profiles import (
    LONGEST_NAME,
    LONGEST_NOTES,
    LONGEST_REFERENCE,
    Known,
)

AGES = {True: "Of age", False: "A minor", None: "Nobody has said"}
"""Whether somebody is of age, in words."""

_SENT = {"yes": True, "no": False}


def address(subject_id: str) -> str:
    """Return where a person's page is."""
    return f"{PEOPLE.path}?{PERSON}={subject_id}"


def called(known: Known) -> str:
    """Return what to call somebody; text."""
    return known.name or known.reference or "Somebody without a name"


def profile_fields(known: Known | None) -> str:
    """Return what is to be filled in about somebody.

    Args:
        known: What is said now; None = they are new.
    """
    said = {True: "yes", False: "no", None: ""}[known.adult if known else None]
    ages = (
        Choice(value, AGES[_SENT.get(value)], chosen=value == said) for value in ("yes", "no", "")
    )
    return (
        line(
            "reference",
            "Reference",
            value=(known and known.reference) or "",
            hint="Your own name or number for them; people are found by it.",
            longest=LONGEST_REFERENCE,
            more='autocomplete="off"',
        )
        + line(
            "name",
            "Name",
            value=(known and known.name) or "",
            longest=LONGEST_NAME,
            more='autocomplete="off"',
        )
        + area("notes", "Notes", value=(known and known.notes) or "", longest=LONGEST_NOTES, rows=3)
        + choices("adult", "Age", ages)
    )


class Given(TypedDict):
    """What was filled in about somebody; what is empty is none."""

    reference: str | None
    name: str | None
    notes: str | None
    adult: bool | None


def profile_given(form: Form) -> Given:
    """Return what was filled in about somebody."""
    return Given(
        reference=form.text("reference") or None,
        name=form.text("name") or None,
        notes=form.text("notes") or None,
        adult=_SENT.get(form.text("adult")),
    )
