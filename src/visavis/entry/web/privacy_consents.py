"""Consents of one person as HTML, and what is asked before one is recorded or withdrawn.

What people bring in goes through `escape`; all else is ours.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from visavis.entry.web.fields import act, area, line, select
from visavis.entry.web.privacy_choices import purpose_name
from visavis.entry.web.privacy_frame import NOTICES
from visavis.entry.web.words import day, moment
from visavis.store.notices import Notice
from visavis.usecases.consent_records import LONGEST_EVIDENCE, GivenBy
from visavis.usecases.consent_records import State as Held

NO_NOTICES = (
    "<p>There is no notice yet, and a consent names what somebody was told before. "
    f'<a href="{NOTICES.path}">Write a notice</a> first.</p>'
)

_BY: Mapping[GivenBy, str] = {
    GivenBy.SUBJECT: "The person",
    GivenBy.PARENT: "A parent",
    GivenBy.GUARDIAN: "A guardian",
    GivenBy.REPRESENTATIVE: "A legal representative",
}
_METHODS: Mapping[str, str] = {
    "written": "In writing",
    "electronic": "Electronically",
    "spoken": "Spoken",
    "guardian": "As a guardian",
}
_STATES: Mapping[Held, str] = {
    Held.GIVEN: "Holds",
    Held.EXPIRED: "Expired",
    Held.WITHDRAWN: "Withdrawn",
}


def table(consents: Sequence[Mapping[str, Any]], *, writes: bool) -> str:
    """Return somebody's consents.

    Args:
        consents: As other programs read them, newest first.
        writes: Whether who looks at them may take them back.
    """
    if not consents:
        return "<p class='vo-empty'>They have not agreed to anything yet.</p>"
    rows = "".join(_consent(record, writes=writes) for record in consents)
    names = ("Purpose", "State", "Given", "Told")
    heads = "".join(f'<th scope="col">{name}</th>' for name in names)
    return (
        '<table class="vo-table"><caption class="vv-hidden">Consents, the newest first</caption>'
        f"<thead><tr>{heads}<td></td></tr></thead><tbody>{rows}</tbody></table>"
    )


def _consent(record: Mapping[str, Any], *, writes: bool) -> str:
    held, name = Held(record["state"]), escape(purpose_name(record["purpose"]))
    by = _BY[GivenBy(record["given_by"])] if record["given_by"] in set(GivenBy) else "Somebody"
    how = _METHODS.get(record["method"], record["method"])
    until = ""
    if record["withdrawn_at"]:
        until = f"<small>withdrawn {moment(record['withdrawn_at'])}</small>"
    elif record["expires_at"]:
        word = "until" if held is Held.GIVEN else "expired"
        until = f"<small>{word} {moment(record['expires_at'])}</small>"
    withdraw = act("withdraw", "Withdraw…", record["record_id"], f"consent to {name}")
    return (
        f'<tr data-state="{held}"><th scope="row">{name}</th>'
        f'<td data-label="State"><span class="vo-state">{_STATES[held]}</span>{until}</td>'
        f'<td data-label="Given">{moment(record["given_at"])}<small>{by}, {how.lower()}</small>'
        f'</td><td data-label="Told">version {record["notice_version"]}, '
        f"{escape(record['notice_language'])}</td>"
        f'<td class="vo-do">{withdraw if writes and held is Held.GIVEN else ""}</td></tr>'
    )


def consent_fields(notices: Sequence[Notice]) -> str:
    """Return what is to be filled in about a consent.

    Args:
        notices: What they may have been told, newest first; at least one.
    """
    told = (
        (
            notice.id,
            (
                f"{purpose_name(notice.purpose)}, {notice.language}, version {notice.version} "
                f"({day(notice.created_at)})"
            ),
        )
        for notice in notices
    )
    methods = ((value, name) for value, name in _METHODS.items() if value != "guardian")
    hint = "Of what a parent or guardian agrees to, the record says just that."
    return (
        select("notice", "They were told", told)
        + select("given_by", "Who agreed", ((by.value, name) for by, name in _BY.items()))
        + select("method", "How", methods, hint=hint)
        + line("given_at", "When", kind="date", hint="Empty = now.")
        + line("until", "Until", kind="date", hint="Empty = until it is withdrawn.")
        + area(
            "evidence",
            "Proof",
            hint="Where the signed paper lies, say; sealed under their key.",
            longest=LONGEST_EVIDENCE,
            rows=2,
        )
    )


def withdraw_fields() -> str:
    """Return what is asked before a consent is withdrawn."""
    by = select("by", "Who withdraws it", ((by.value, name) for by, name in _BY.items()))
    return (
        "<p>From now on their face is not processed for this purpose. What is sealed stays until "
        f"they are erased; a new consent makes it usable again.</p>{by}"
    )
