"""The page of a person as HTML: who they are, what they agreed to, and what is known of their face.

What people bring in goes through `escape`; all else is ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from visavis.credentials.roles import Permission
from visavis.entry.web import privacy_profiles, taking
from visavis.entry.web.fields import act
from visavis.entry.web.people_words import avatar, page_of
from visavis.entry.web.portraits import address
from visavis.entry.web.privacy_choices import purpose_name
from visavis.entry.web.privacy_profiles import called
from visavis.entry.web.shell import PEOPLE
from visavis.entry.web.words import count, day, moment
from visavis.usecases.actor import Actor
from visavis.usecases.consent_records import State as Held
from visavis.usecases.subject_profiles import Known
from visavis.usecases.templates import Kept

BACK = f'<p class="vo-back"><a href="{PEOPLE.path}">All people</a></p>'
NOBODY = f"{BACK}<h1>Nobody is here</h1><p>This person was erased, or was never known here.</p>"


@dataclass(frozen=True, slots=True)
class Person:
    """A person at one moment.

    Attributes:
        known: Who.
        templates: What is known of their face, oldest first.
        consents: As other programs read them; None = who looks may not see them.
        embedder: What makes vectors now.
    """

    known: Known
    templates: Sequence[Kept]
    consents: Sequence[Mapping[str, Any]] | None
    embedder: str

    @property
    def portrait(self) -> str | None:
        """Id of the newest template whose picture is kept; None = there is none."""
        kept = [each.id for each in self.templates if each.has_picture]
        return kept[-1] if kept else None


def head(person: Person, actor: Actor) -> str:
    """Return who it is, and in one line what they agreed to."""
    known = person.known
    change = act("change", "Change…", kind="vv-button") if actor.may(_WRITE) else ""
    reference = f"{escape(known.reference)} · " if known.reference and known.name else ""
    notes = f"<p class='vp-notes'>{escape(known.notes)}</p>" if known.notes else ""
    return (
        f'{BACK}<div class="vp-head">{avatar(known, person.portrait, "vp-face vp-large")}'
        f"<div><h1>{escape(called(known))}</h1>"
        f"<p>{reference}known since {day(known.created_at)}</p></div>{change}</div>"
        f"{notes}{_consents(person)}"
    )


def _consents(person: Person) -> str:
    if person.consents is None:
        return ""
    held = [each for each in person.consents if each["state"] == Held.GIVEN]
    names = dict.fromkeys(escape(purpose_name(each["purpose"])) for each in held)
    link = f'<a href="{privacy_profiles.address(person.known.id)}">Consents and data</a>'
    if not names:
        told = "They have not agreed to anything, so no picture of them can be enrolled."
        return f'<p class="vp-line vp-warn">{told} {link}</p>'
    return f'<p class="vp-line">They agreed to: {", ".join(names)}. {link}</p>'


def pictures(person: Person, actor: Actor) -> str:
    """Return the heading of the templates, with what adds some."""
    more = taking.buttons(first=not person.templates) if actor.may(_WRITE) else ""
    number = count(len(person.templates), "template")
    return (
        f'<div class="vp-section"><div><h2>Face</h2><p>{number}: what a computer sees of the face '
        f"on a picture. Two or three different pictures work best.</p></div>{more}</div>"
    )


def templates(person: Person, actor: Actor) -> str:
    """Return what is known of somebody's face, newest first."""
    items = "".join(_template(each, person, actor) for each in reversed(person.templates))
    return f'<ul class="vp-templates">{items}</ul>' if items else ""


def _template(kept: Kept, person: Person, actor: Actor) -> str:
    seen = (
        f'<img src="{address(person.known.id, kept.id)}" alt="" loading="lazy">'
        if kept.has_picture
        else '<span class="vp-none" aria-hidden="true"></span>'
    )
    quality = "not judged" if kept.quality is None else f"{kept.quality:.0f} of 100"
    old = "" if kept.embedder == person.embedder else ' <span class="vo-chip">older model</span>'
    name = f"the template of {day(kept.created_at)}"
    remove = act("remove", "Remove", kept.id, name) if actor.may(_WRITE) else ""
    return (
        f"<li>{seen}<div><strong>{moment(kept.created_at)}</strong>{old}"
        f"<small>Quality {quality}</small><small>{escape(kept.embedder)}</small></div>{remove}</li>"
    )


def acts(person: Person, actor: Actor) -> str:
    """Return what else can be done with somebody."""
    rows = ""
    if actor.may(_WRITE) and actor.may(Permission.PEOPLE_ERASE):
        about = "This person is here twice? Put both together."
        rows += _row(about, act("merge", "Merge…", kind="vv-button"))
    if actor.may(_WRITE) and len(person.templates) > 1:
        about = "Some of the templates are of somebody else? Give them a person of their own."
        rows += _row(about, act("split", "Split…", kind="vv-button"))
    if actor.may(Permission.PEOPLE_ERASE):
        about = "Remove everything that is kept of them, and get a receipt that says so."
        rows += _row(about, act("erase", "Erase…", kind="vv-button"))
    return f"<div class='vo-acts vp-acts'>{rows}</div>" if rows else ""


def _row(about: str, button: str) -> str:
    return f"<div><p>{about}</p>{button}</div>"


def merge_search() -> str:
    """Return what is asked to find the other person."""
    return (
        '<label for="other">Reference of the other one</label><input id="other" name="other" '
        'type="text" required maxlength="200" autocomplete="off">'
    )


def side_by_side(one: Person, other: Person) -> str:
    """Return two people to be looked at, and which of them is left."""
    return (
        '<fieldset class="vp-pair"><legend>Who is left?</legend>'
        f"{_half(one, is_left=True)}{_half(other, is_left=False)}</fieldset>"
        "<p>All templates go to whoever is left, and name and reference where that one has none. "
        "The other one is erased.</p>"
    )


def _half(person: Person, *, is_left: bool) -> str:
    known, checked = person.known, " checked" if is_left else ""
    return (
        f'<label><input type="radio" name="left" value="{known.id}"{checked}>'
        f"{avatar(known, person.portrait, 'vp-face vp-large')}"
        f"<strong>{escape(called(known))}</strong>"
        f"<small>{escape(known.reference or 'no reference')}</small>"
        f"<small>{count(len(person.templates), 'template')}</small></label>"
    )


def split_fields(person: Person) -> str:
    """Return what is asked before templates get a person of their own."""
    boxes = "".join(
        f'<label class="vo-choice"><input type="checkbox" name="template" value="{each.id}"><span>'
        f"<strong>{moment(each.created_at)}</strong><small>Quality "
        f"{'not judged' if each.quality is None else f'{each.quality:.0f} of 100'}</small></span>"
        "</label>"
        for each in person.templates
    )
    return (
        f'<fieldset class="vo-choices"><legend>Which are somebody else’s?</legend>{boxes}'
        '</fieldset><label for="name">Name of the other one <span class="vo-optional">(optional)'
        '</span></label><input id="name" name="name" type="text" maxlength="200" '
        'autocomplete="off">'
    )


def merged(other: str) -> str:
    """Return that two people were merged, with a way back; `other` is what the other was called."""
    return (
        f'<div class="vp-note"><p>{escape(other)} is merged into this person.</p>'
        f"{act('unmerge', 'Undo: split them again', kind='vv-button')}</div>"
    )


def link(known: Known) -> str:
    """Return a link to somebody's page."""
    return f'<a href="{page_of(known.id)}">{escape(called(known))}</a>'


_WRITE = Permission.PEOPLE_WRITE
