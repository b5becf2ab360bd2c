"""How the pages say what recognition says: rates as words, how sure it is, who somebody is."""

from html import escape

from visavis.core.errors import VisavisError
from visavis.core.purposes import Comparison, Purpose
from visavis.credentials.roles import Permission
from visavis.entry.services import Records
from visavis.entry.web.portraits import address
from visavis.entry.web.privacy_profiles import called
from visavis.entry.web.shell import PRIVACY
from visavis.usecases.actor import Actor
from visavis.usecases.consent import require_purpose
from visavis.usecases.scores import LEAST_RATE
from visavis.usecases.subject_profiles import Known

_ROUND = 2
"""Digits of a number of strangers that mean anything."""

NOT_CHECKED = "Whether a living person was before the camera is not checked: a photo may pass."


def one_in(rate: float) -> str:
    """Return a rate as people say it, such as `1 in 12,000`."""
    if rate <= LEAST_RATE:
        return "less than 1 in 1,000,000,000"
    number = 1 / rate
    digits = _ROUND - len(str(int(number)))
    return f"1 in {int(round(number, min(0, digits))):,}"


def figure(rate: float) -> str:
    """Return a rate as a number, such as `0.31` or `5e-05`."""
    return f"{rate:.2g}"


def sureness(rate: float, target: float) -> str:
    """Say in words how sure a match is.

    Args:
        rate: How often it would be wrong.
        target: How often that was allowed to be.
    """
    steps = ((1e-3, "very sure"), (0.1, "sure"))
    return next((words for share, words in steps if rate <= share * target), "fairly sure")


def initials(known: Known) -> str:
    """Return one or two letters that stand for somebody without a picture; text."""
    words = called(known).split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def avatar(known: Known, template_id: str | None, kind: str = "vp-face") -> str:
    """Return somebody's face, or their initials.

    Args:
        known: Who.
        template_id: Of whose template the picture is kept; None = none is.
        kind: How it looks.
    """
    if template_id is None:
        return f'<span class="{kind}" aria-hidden="true">{escape(initials(known))}</span>'
    return f'<img class="{kind}" src="{address(known.id, template_id)}" alt="" loading="lazy">'


def page_of(subject_id: str) -> str:
    """Return where the page of a person is."""
    return f"people/{subject_id}"


def obstacle(records: Records, actor: Actor, comparison: Comparison) -> str:
    """Return why nobody is compared here so, as HTML; empty where nothing stands against it.

    Args:
        records: Knows the rules.
        actor: Who asks.
        comparison: With one person, or with everybody.
    """
    if not actor.may(Permission.PRIVACY_READ):
        return ""
    try:
        require_purpose(records.privacy.rules(actor), Purpose.RECOGNITION, comparison)
    except VisavisError as exc:
        said = str(exc)
        link = f'<a class="vv-button vv-primary" href="{PRIVACY.path}">Open the privacy rules</a>'
        return f"<p>{escape(said[:1].upper() + said[1:])}.</p>{link}"
    return ""


def blocked(title: str, why: str) -> str:
    """Return what a page shows that cannot be used yet.

    Args:
        title: What the page is for; text.
        why: As `obstacle` says it.
    """
    return f'<div class="vp-blocked"><h1>{escape(title)}</h1>{why}</div>'
