"""Whether two pictures, or a picture and a person, are the same, as HTML.

What people bring in goes through `escape`; all else is ours.
"""

from html import escape

from visavis.entry.web import taking
from visavis.entry.web.copies import Copies
from visavis.entry.web.fields import act, select
from visavis.entry.web.people_words import NOT_CHECKED, avatar, figure, one_in, page_of, sureness
from visavis.entry.web.privacy_profiles import called
from visavis.entry.web.recognise_markup import box
from visavis.usecases.faces import Box
from visavis.usecases.recognised import Decision, Verification
from visavis.usecases.subject_profiles import Known

TARGETS = {
    "0.001": "1 in 1,000",
    "0.0001": "1 in 10,000",
    "0.00001": "1 in 100,000",
    "0.000001": "1 in 1,000,000",
}
"""How often a stranger may be taken for somebody."""

FIRST, SECOND = "first", "second"
"""The two things that are compared."""


def choices(target: str) -> str:
    """Return what can be chosen about a comparison; `target` is one of `TARGETS`."""
    return select("target", "Strangers may match", TARGETS.items(), target)


def empty(slot: str, *, may_choose: bool) -> str:
    """Return a place where nothing is yet.

    Args:
        slot: Which of the two.
        may_choose: Whether a person may be chosen instead of a picture.
    """
    title = "A picture" if slot == FIRST else "To compare it with"
    whose = "for the first place" if slot == FIRST else "for the second place"
    person = act("person", "Choose a person", kind="vv-button") if may_choose else ""
    also = f'<div class="vv-actions">{person}</div>' if person else ""
    return (
        f'<div class="vp-slot"><h2>{title}</h2>'
        f"{taking.buttons(slot, whose=whose, first=slot == FIRST, one=True)}{also}</div>"
    )


def shown(slot: str, copies: Copies, face: Box | None) -> str:
    """Return a picture in its place, with a frame around the face that was compared."""
    frame = box(face, copies, 0) if face else ""
    style = f"--ratio:{copies.width / copies.height:.4f}"
    name = "The first picture" if slot == FIRST else "The second picture"
    return (
        f'<figure class="vv-stage vp-half" style="{style}"><img src="{copies.view}" alt="{name}">'
        f'<div class="vv-overlay">{frame}</div></figure>'
        f'<div class="vp-again">{act("clear", "Take another one", slot, name)}</div>'
    )


def person(known: Known, template_id: str | None) -> str:
    """Return a person in the second place.

    Args:
        known: Who.
        template_id: Of whose template the picture is kept; None = none is.
    """
    return (
        f'<div class="vp-slot">{avatar(known, template_id, "vp-face vp-large")}'
        f'<h2><a href="{page_of(known.id)}">{escape(called(known))}</a></h2>'
        f"{act('clear', 'Choose another one', SECOND)}</div>"
    )


def verdict(answer: Verification, name: str) -> str:
    """Return what came of a comparison.

    Args:
        answer: As recognition answers.
        name: Whom the picture was compared with; empty = another picture.
    """
    if answer.similarity is None or answer.fmr is None:
        return (
            "<div class='vp-verdict'><h2>There is nothing to compare with</h2>"
            f"<p>{escape(name)} has no template that this model made; enrol a picture first.</p>"
            "</div>"
        )
    same = answer.decision is Decision.MATCH
    sure = f", {sureness(answer.fmr, answer.target_fmr)}" if same else ""
    needed = f"{answer.similarity:.2f} alike; it takes {answer.threshold:.2f} to match"
    strangers = f"{one_in(answer.fmr).capitalize()} pairs of strangers are as alike"
    return (
        f'<div class="vp-verdict" data-same="{str(same).lower()}">'
        f"<h2>{_title(name, same=same)}{sure}</h2><p>The faces are {needed}. {strangers} "
        f"(FMR {figure(answer.fmr)}).</p><p>{NOT_CHECKED}</p></div>"
    )


def _title(name: str, *, same: bool) -> str:
    if same:
        return f"This is {escape(name)}" if name else "The same person"
    return f"Not {escape(name)}, as far as can be told" if name else "Not the same, as it seems"


def fault(sentence: str) -> str:
    """Return why nothing could be compared; `sentence` is text."""
    return f'<div class="vp-verdict vp-warn" role="alert"><p>{escape(sentence)}</p></div>'


def search() -> str:
    """Return what is asked to find the person."""
    return (
        '<label for="reference">Reference</label><input id="reference" name="reference" '
        'type="text" required maxlength="200" autocomplete="off">'
    )
