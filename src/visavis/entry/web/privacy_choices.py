"""The rules of privacy as choices, in plain words: what each one means and what it changes."""

from collections.abc import Mapping
from dataclasses import replace

from visavis.core.attributes import Head
from visavis.core.purposes import CLAIMED, Purpose
from visavis.core.types import Feature
from visavis.entry.web.fields import Choice, choices
from visavis.entry.web.words import count
from visavis.store.kinds import Mode
from visavis.store.notices import Notice
from visavis.usecases.policy import Policy
from visavis.usecases.privacy import Rules

_MODES: Mapping[Mode, tuple[str, str]] = {
    Mode.ANONYMOUS: (
        "Anonymous",
        "Faces are found and described, nobody is recognised. No template is ever stored.",
    ),
    Mode.VERIFY: (
        "Verify (1:1)",
        (
            "Checks that people are who they say they are. Of everybody who consents, a template "
            "is stored, sealed under a key of their own; a face is compared with that one alone."
        ),
    ),
    Mode.IDENTIFY: (
        "Identify (1:N)",
        (
            "Finds out who somebody is among all who are enrolled. The same sealed templates, and "
            "protected codes to search them by."
        ),
    ),
}

PURPOSES: Mapping[Purpose, str] = {
    Purpose.RECOGNITION: "Recognition",
    Purpose.FACE_LOGIN: "Face login",
    Purpose.PHOTOS: "Photos",
    Purpose.AUDIENCE: "Audience",
    Purpose.RECOMMENDATIONS: "Recommendations",
}

_ATTRIBUTES: Mapping[Head, str] = {
    Head.AGE: "An estimate in years, with how far it may be off.",
    Head.GENDER: "How a face looks, not what a person is.",
    Head.RACE: "How a face looks, in seven rough groups. Cannot be used to choose what is shown.",
    Head.EMOTION: "What an expression looks like, not what is felt.",
}

_ADULTS = Choice(
    "adults",
    "Only people of age",
    "Nobody is enrolled before somebody has noted that they are of age. Without this, minors may "
    "be enrolled, but only with the consent of a guardian.",
)


def purpose_name(purpose: str) -> str:
    """Return what people call a purpose, also one that this version does not know."""
    return PURPOSES[Purpose(purpose)] if purpose in set(Purpose) else purpose


def notice_name(notice: Notice) -> str:
    """Return what people call a notice."""
    return f"{purpose_name(notice.purpose)}, {notice.language}, version {notice.version}"


def fields(rules: Rules, sealed: int, policy: Policy, *, fixed: bool) -> str:
    """Return the rules as something to choose from.

    Args:
        rules: Those in force.
        sealed: How many templates there are.
        policy: Of the deployment.
        fixed: Whether nobody who looks at them may choose.
    """
    modes = (
        Choice(mode.value, *told, chosen=mode is rules.mode, change=_change(mode, sealed))
        for mode, told in _MODES.items()
    )
    purposes = (
        Choice(
            purpose.value,
            name,
            purpose.meaning,
            chosen=purpose in rules.purposes,
            note="" if purpose in CLAIMED else "Needs the mode Identify.",
        )
        for purpose, name in PURPOSES.items()
    )
    attributes = (
        Choice(
            head.value,
            head.capitalize(),
            _told(head, about, policy),
            chosen=head in rules.attributes,
            note=_forbidden(head, policy),
            off=policy.purpose(Feature(head)) is None,
        )
        for head, about in _ATTRIBUTES.items()
    )
    adults = (replace(_ADULTS, chosen=rules.adults_only),)
    return (
        choices("mode", "What may be done with faces", modes, fixed=fixed)
        + choices("purposes", "What for", purposes, many=True, fixed=fixed)
        + choices("attributes", "What may be said about a face", attributes, many=True, fixed=fixed)
        + choices("adults_only", "Age", adults, many=True, fixed=fixed)
    )


def _change(mode: Mode, sealed: int) -> str:
    """Say what changing to a mode brings about."""
    kept = count(sealed, "template")
    if mode is Mode.ANONYMOUS:
        return (
            f"With the change: {kept} would stay sealed and unused until the people are erased."
            if sealed
            else "With the change: nothing is recognised any more, and nothing has to be erased."
        )
    if mode is Mode.VERIFY:
        return (
            "With the change: templates of people who consent may be stored; nobody is searched "
            "for among all."
        )
    return (
        "With the change: a face may be compared with everybody who consented to one of the "
        "purposes below."
    )


def _told(head: Head, about: str, policy: Policy) -> str:
    """Return what an attribute means, and what for where that has to be stated."""
    stated = policy.purpose(Feature(head))
    return f"{about} On here for: {stated}." if stated else about


def _forbidden(head: Head, policy: Policy) -> str:
    if policy.purpose(Feature(head)) is not None:
        return ""
    return (
        "Off on this server: whoever runs it has to state what for, in "
        f"VISAVIS_POLICY__{head.upper()}_PURPOSE."
    )
