"""Two rules about enrolling, as choices: whether people agreed elsewhere, and keeping pictures."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from visavis.entry.web.fields import Choice, choices
from visavis.entry.web.privacy_choices import notice_name
from visavis.store.notices import Notice
from visavis.usecases.privacy import Rules

NOBODY = "nobody"
"""What is sent where no notice is chosen."""

_EACH = Choice(
    NOBODY,
    "No, each consent is recorded here",
    "Programs enrol only people whose consent was recorded here one by one.",
)
_KEEP = "Keep the pictures that people are enrolled from"
_KEPT = (
    "Each is sealed under the person's own key and goes with its template. Without this, a picture "
    "is looked at and forgotten."
)
_ABOUT = (
    "Everybody whom a program enrols, by whichever way, agreed to what this notice says and is of "
    "age. You have their consent elsewhere and can show it; the audit log says that you said so."
)
_NO_NOTICE = (
    '<p class="vo-note">To say that everybody agreed elsewhere, first write the notice that they '
    "were given, under Notices.</p>"
)


def fields(rules: Rules, notices: Sequence[Notice], *, fixed: bool) -> str:
    """Return the two rules as something to choose from.

    Args:
        rules: Those in force.
        notices: What people are told; newest first.
        fixed: Whether nobody who looks at them may choose.
    """
    offered = (replace(_EACH, chosen=not rules.agreed_notice), *_agreed(rules, notices))
    keep = Choice("keep", _KEEP, _KEPT, chosen=rules.keep_pictures)
    return (
        choices("agreed_notice", "Consent obtained elsewhere", offered, fixed=fixed)
        + ("" if notices or fixed else _NO_NOTICE)
        + choices("keep_pictures", "Pictures", (keep,), many=True, fixed=fixed)
    )


def agreed_notice(sent: str) -> str:
    """Return the id of the notice that was chosen; empty = none."""
    return "" if sent == NOBODY else sent


def _agreed(rules: Rules, notices: Iterable[Notice]) -> Iterator[Choice]:
    """Yield the newest notice of each purpose and language, and the one that holds now."""
    seen: set[tuple[str, str]] = set()
    for notice in notices:
        about, is_in_force = (notice.purpose, notice.language), notice.id == rules.agreed_notice
        if about not in seen or is_in_force:
            seen.add(about)
            name = f"Yes, to {notice_name(notice)}"
            yield Choice(notice.id, name, _ABOUT, chosen=is_in_force)
