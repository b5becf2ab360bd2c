"""What is filled in when somebody is added: who they are, and what they agreed to."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from visavis.core.errors import InvalidInput
from visavis.core.purposes import Purpose
from visavis.entry.services import Records
from visavis.entry.web.fields import line, select
from visavis.entry.web.privacy_choices import notice_name
from visavis.entry.web.privacy_frame import NOTICES
from visavis.entry.web.questions import Form
from visavis.store.kinds import ConsentMethod
from visavis.store.notices import Notice
from visavis.store.page import MOST
from visavis.usecases.actor import Actor
from visavis.usecases.consent_records import GivenBy
from visavis.usecases.subject_profiles import LONGEST_NAME, LONGEST_REFERENCE, Known

_METHODS = (
    (ConsentMethod.WRITTEN.value, "In writing"),
    (ConsentMethod.ELECTRONIC.value, "Electronically"),
    (ConsentMethod.SPOKEN.value, "Spoken"),
)
_NONE = "none"
_LATER = (_NONE, "Nothing yet (no picture can be enrolled)")


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who is added.

    Attributes:
        name: What people call them; None = nothing.
        reference: The organisation's own name for them; None = none.
        adult: Whether they are of age; None = nobody said.
        notice_id: What they were told before they agreed; empty = they did not yet.
        method: How they agreed.
    """

    name: str | None
    reference: str | None
    adult: bool | None
    notice_id: str
    method: ConsentMethod


def offered(notices: Sequence[Notice]) -> tuple[Notice, ...]:
    """Return the newest notice about recognition in each language, as people can agree to it."""
    found: dict[str, Notice] = {}
    for notice in notices:
        if notice.purpose == Purpose.RECOGNITION:
            newest = found.setdefault(notice.language, notice)
            found[notice.language] = max(newest, notice, key=lambda each: each.version)
    return tuple(found.values())


def fields(notices: Sequence[Notice]) -> str:
    """Return what is to be filled in about somebody new.

    Args:
        notices: What they may agree to.
    """
    off = 'autocomplete="off"'
    hint = "Your own name or number for them; people are found by it."
    return (
        line("name", "Name", longest=LONGEST_NAME, more=off)
        + line("reference", "Reference", hint=hint, longest=LONGEST_REFERENCE, more=off)
        + _consent(notices)
        + '<label class="vo-choice"><input type="checkbox" name="adult" value="yes"><span>'
        "<strong>They are of age</strong></span></label>"
    )


def _consent(notices: Sequence[Notice]) -> str:
    if not notices:
        return (
            '<p class="vo-note">To enrol pictures of somebody, you need their consent, and before '
            f'that a notice about recognition. <a href="{NOTICES.path}">Write one</a>.</p>'
        )
    told = [(notice.id, f"Yes, to: {notice_name(notice)}") for notice in notices]
    return select("notice", "Do they agree to be recognised?", [*told, _LATER]) + select(
        "method", "How did they agree?", _METHODS
    )


def given(form: Form) -> Newcomer:
    """Return what was filled in.

    Raises:
        InvalidInput: the person would have neither a name nor a reference.
    """
    name, reference = form.text("name") or None, form.text("reference") or None
    if name is None and reference is None:
        raise InvalidInput("give a name or a reference, so that you find them again")
    notice_id = form.text("notice")
    agrees = notice_id not in {"", _NONE}
    method = form.choice("method", ConsentMethod) if agrees else ConsentMethod.WRITTEN
    adult = True if form.all("adult") else None
    return Newcomer(name, reference, adult, notice_id if agrees else "", method)


def add(records: Records, actor: Actor, newcomer: Newcomer, collection: str = "") -> Known:
    """Make somebody, and record that they agreed.

    Args:
        records: The use cases.
        actor: Who adds them.
        newcomer: Who they are.
        collection: Id of the collection they are in; empty = in none.

    Raises:
        VisavisError: as `Subjects.create` and `Consents.give`.
    """
    known = records.subjects.create(
        actor,
        name=newcomer.name,
        reference=newcomer.reference,
        adult=newcomer.adult,
        collection=collection,
    )
    if newcomer.notice_id:
        records.consents.give(
            actor,
            known.id,
            Purpose.RECOGNITION,
            notice_id=newcomer.notice_id,
            method=newcomer.method,
            given_by=GivenBy.SUBJECT,
        )
    return known


def notices_of(records: Records, actor: Actor) -> tuple[Notice, ...]:
    """Return what somebody may agree to here."""
    return offered(records.notices.page(actor, MOST).items)


def staged(names: Sequence[str], thumbs: Sequence[str]) -> str:
    """Return the pictures that wait until somebody is added.

    Args:
        names: What they are called.
        thumbs: Addresses of small copies, empty where there is none.
    """
    drawn = "".join(
        f'<li><img src="{thumb}" alt="{escape(name)}"></li>'
        if thumb
        else f"<li>{escape(name)}</li>"
        for name, thumb in zip(names, thumbs, strict=True)
    )
    return f'<ul class="vp-staged">{drawn}</ul>' if drawn else ""
