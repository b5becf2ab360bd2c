"""A person as HTML: facts, consents, and what is asked before something changes.

What people bring in goes through `escape`; all else is ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from visavis.credentials.roles import Permission
from visavis.entry.web import privacy_consents as consents
from visavis.entry.web.fields import act, select
from visavis.entry.web.privacy_frame import AUDIT, PEOPLE, PERSON
from visavis.entry.web.privacy_profiles import AGES, called
from visavis.entry.web.words import moment
from visavis.usecases.actor import Actor
from visavis.usecases.erasure import Reason
from visavis.usecases.subject_profiles import Known

BACK = f'<p class="vo-back"><a href="{PEOPLE.path}">All people</a></p>'

NOBODY = f"{BACK}<h1>Nobody is here</h1><p>This person was erased, or was never known here.</p>"

_REASONS: Mapping[Reason, str] = {
    Reason.REQUEST: "They asked for it",
    Reason.CONSENT_WITHDRAWN: "They withdrew their consent",
    Reason.OTHER: "Something else",
}
_GOES = """
<p>For good, in every copy:</p>
<ul>
<li>their keys, and with them whatever is sealed: name, reference, notes, templates</li>
<li>the records of their consents</li>
<li>pictures that show nobody else</li>
</ul>
<p>What stays: a receipt that anyone can check, and in the audit log that somebody was erased,
without a name.</p>
"""


@dataclass(frozen=True, slots=True)
class State:
    """A person at one moment.

    Attributes:
        known: What is said of them.
        consents: As other programs read them, newest first.
    """

    known: Known
    consents: Sequence[Mapping[str, Any]]


def reason_name(reason: str) -> str:
    """Return in words why somebody was erased."""
    return _REASONS.get(Reason(reason), "Kept long enough") if reason in set(Reason) else reason


def person(state: State, actor: Actor) -> str:
    """Return the page of a person.

    Args:
        state: What is known.
        actor: Who looks at it; what they may not do is not offered.
    """
    known, writes = state.known, actor.may(Permission.PEOPLE_WRITE)
    change = act("change", "Change…", kind="vv-button") if writes else ""
    consent = act("consent", "Record a consent", kind="vv-button vv-primary") if writes else ""
    return (
        f"{BACK}<div class='vo-head'><h1>{escape(called(known))}</h1>{change}</div>"
        f"{_facts(known)}"
        f"<div class='vo-head vo-second'><h2>Consents</h2>{consent}</div>"
        f"{consents.table(state.consents, writes=writes)}{_data(known, actor)}"
    )


def _facts(known: Known) -> str:
    notes = escape(known.notes or "–").replace("\n", "<br>")
    rows = (
        ("Reference", escape(known.reference or "–")),
        ("Name", escape(known.name or "–")),
        ("Notes", notes),
        ("Age", AGES[known.adult]),
        ("Known since", moment(known.created_at)),
        ("Id", f"<code>{known.id}</code>"),
    )
    told = "".join(f"<div><dt>{name}</dt><dd>{said}</dd></div>" for name, said in rows)
    return f'<dl class="vo-facts">{told}</dl>'


def _data(known: Known, actor: Actor) -> str:
    """Return what can be done with everything that is kept of somebody."""
    rows = ""
    if actor.may(Permission.PRIVACY_READ):
        export = f"api/v1/subjects/{known.id}/export"
        link = f'<a class="vv-button" href="{export}" download>Export</a>'
        rows += _row("A copy of everything that is kept of them, as a zip file.", link)
    if actor.may(Permission.AUDIT_READ):
        link = f'<a class="vv-button" href="{AUDIT.path}?{PERSON}={known.id}">Audit log</a>'
        rows += _row("Who did what with their data, and when.", link)
    if actor.may(Permission.PEOPLE_ERASE):
        button = act("erase", "Erase…", kind="vv-button")
        rows += _row("Remove everything, and get a receipt that says so.", button)
    return f"<h2>Their data</h2><div class='vo-acts'>{rows}</div>" if rows else ""


def _row(about: str, button: str) -> str:
    return f"<div><p>{about}</p>{button}</div>"


def erase_fields() -> str:
    """Return what is asked before somebody is erased."""
    reasons = ((reason.value, name) for reason, name in _REASONS.items())
    return _GOES + select("reason", "Why", reasons)
