"""What is known about one face, in plain words: never as certainty, a thin bar for how sure."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from visavis.core.attributes import AGE_EDGES, Head
from visavis.core.types import EXPRESSIONS, POSE_ANGLES, Faces
from visavis.usecases.attributes import Verdict, age_of, percent, verdict
from visavis.usecases.attributes_json import YES_FROM
from visavis.vision.stages.expression import gaze_word
from visavis.vision.stages.gate import Reason

LABELS = {Head.AGE: "Age", Head.GENDER: "Gender", Head.EMOTION: "Emotion", Head.RACE: "Race"}
REASONS = {
    Reason.NO_MESH: "not all of the face can be made out",
    Reason.TOO_SMALL: "small",
    Reason.BLURRED: "blurred",
    Reason.TOO_DARK: "dark",
    Reason.TOO_BRIGHT: "too bright",
    Reason.LOW_CONTRAST: "low contrast",
    Reason.TURNED_AWAY: "turned away",
    Reason.COVERED: "partly covered",
    Reason.POOR: "weak in several ways",
}
"""Reasons in plain words, to follow a figure."""
STRAIGHT_BELOW, SLIGHT_BELOW, FAR_FROM = 8, 20, 45
"""Degrees of a turned head: not worth a word, slight, far."""

DOUBT_BELOW = 0.6
"""Score below which the detector is not sure."""


def gist(faces: Faces, i: int) -> str:
    """Return the line that stands for a face while it is closed."""
    said = ", ".join(filter(None, (_gist_of(faces, i, h) for h in (Head.AGE, Head.GENDER))))
    score = float(faces.scores[i])
    sure = f"{certainty(score)} it is a face"
    doubt = f"<small>{sure}</small>" if said and score < DOUBT_BELOW else ""
    return f"<span>{(said or sure).capitalize()}</span>{doubt}"


def _gist_of(faces: Faces, i: int, head: Head) -> str:
    if head not in faces.heads:
        return ""
    said = verdict(faces, i, head)
    if head is Head.AGE:
        return f"about {age_of(said.probabilities).years:.0f}"
    return f"{likely(said.confidence)} {said.value}" if said.known else ""


def about(faces: Faces, i: int, reasons: Sequence[Reason] = ()) -> str:
    """Return the terms and descriptions of all that was found out about face `i`.

    Args:
        faces: The faces of one picture.
        i: Which of them.
        reasons: Why it is not good enough.
    """
    return "".join(f"<dt>{term}</dt><dd>{said}</dd>" for term, said in _facts(faces, i, reasons))


def likely(confidence: float) -> str:
    """Say in words how likely an answer is; even 1 is an estimate."""
    steps = ((0.8, "probably"), (0.6, "perhaps"))
    return next((words for least, words in steps if confidence >= least), "possibly")


def certainty(score: float) -> str:
    """Say in words how sure the detector is, from its score 0..1."""
    steps = ((0.9, "very sure"), (0.75, "sure"), (DOUBT_BELOW, "fairly sure"))
    return next((words for least, words in steps if score >= least), "not sure")


def _facts(faces: Faces, i: int, reasons: Sequence[Reason]) -> Iterator[tuple[str, str]]:
    for head, label in LABELS.items():
        if head in faces.heads:
            said = verdict(faces, i, head)
            yield label, _age(said) if head is Head.AGE else _class(said)
    if faces.quality is not None:
        yield "Quality", _quality(float(faces.quality[i, 0]), reasons)
    if faces.pose is not None:
        yield "Pose", _pose(faces, i)
    if faces.expression is not None:
        yield "Expression", _expression(faces, i)
    yield "Face", _face(faces, i)


def _age(said: Verdict) -> str:
    age = age_of(said.probabilities)
    words = f"about {age.years:.0f}, between {age.low:.0f} and {age.high:.0f}"
    oldest = AGE_EDGES[-1]
    return words + _meter(age.low / oldest, age.high / oldest)


def _class(said: Verdict) -> str:
    if not said.known:
        return "not sure"
    name = said.value.replace("_", " ")
    return f"{likely(said.confidence)} {name}, {percent(said.confidence)}" + _meter(
        0, said.confidence
    )


def _quality(overall: float, reasons: Sequence[Reason]) -> str:
    if math.isnan(overall):
        return "cannot be told"
    why = ", ".join(REASONS[reason] for reason in reasons)
    return f"{overall:.0f} of 100{f': {why}' if why else ''}" + _meter(0, overall / 100)


def _pose(faces: Faces, i: int) -> str:
    assert faces.pose is not None  # noqa: S101  # the caller looked
    if not np.isfinite(faces.pose[i]).all():
        return "cannot be told"
    yaw, pitch, roll = faces.pose[i].tolist()
    words = [
        _turned(yaw, "turned", ("to the left", "to the right")),
        _turned(pitch, "looking", ("down", "up")),
        _turned(roll, "leaning", ("to the left", "to the right")),
    ]
    angles = zip(POSE_ANGLES, (yaw, pitch, roll), strict=True)
    degrees = ", ".join(f"{name} {round(angle)}°" for name, angle in angles).replace("-", "−")
    return f"{', '.join(filter(None, words)) or 'straight'} <small>({degrees})</small>"


def _turned(angle: float, verb: str, ways: tuple[str, str]) -> str:
    """Say in words how far a head is turned, degrees; empty when it hardly is."""
    size = abs(angle)
    if size < STRAIGHT_BELOW:
        return ""
    how = " slightly" if size < SLIGHT_BELOW else " far" if size >= FAR_FROM else ""
    return f"{verb}{how} {ways[angle > 0]}"


def _expression(faces: Faces, i: int) -> str:
    assert faces.expression is not None  # noqa: S101  # the caller looked
    chance = dict(zip(EXPRESSIONS, faces.expression[i].tolist(), strict=True))
    gaze = chance["gaze"]
    looks = {"left": "looks left", "right": "looks right", "centre": "looks straight ahead"}
    words = [
        _eyes(chance["eye_left_open"], chance["eye_right_open"]),
        _whether(chance["mouth_open"], "mouth open", "mouth closed"),
        _whether(chance["smile"], "smiling", "not smiling"),
        "" if math.isnan(gaze) else looks.get(gaze_word(gaze), ""),
    ]
    return ", ".join(filter(None, words)) or "cannot be told"


def _eyes(left: float, right: float) -> str:
    """Say which eyes are open; left and right as seen in the picture."""
    if math.isnan(left) or math.isnan(right):
        return ""
    if (left >= YES_FROM) == (right >= YES_FROM):
        return _whether((left + right) / 2, "eyes open", "eyes closed")
    return f"{'right' if left > right else 'left'} eye closed"


def _whether(chance: float, yes: str, no: str) -> str:
    """Say yes or no, with `perhaps` where that is less than likely; empty where it is unknown."""
    if math.isnan(chance):
        return ""
    said = yes if chance >= YES_FROM else no
    return said if likely(max(chance, 1 - chance)) == "probably" else f"perhaps {said}"


def _face(faces: Faces, i: int) -> str:
    x1, y1, x2, y2 = faces.boxes[i].tolist()
    score = float(faces.scores[i])
    meshed = faces.mesh is None or bool(np.isfinite(faces.mesh[i]).all())
    size = f"{x2 - x1:.0f} × {y2 - y1:.0f} px{'' if meshed else ', no mesh'}"
    return f"{certainty(score)} it is one, {percent(score)} <small>{size}</small>"


def _meter(start: float, end: float) -> str:
    """Return a thin bar from `start` to `end`, 0..1; for the eye only, the words say the same."""
    first, last = (f"{100 * min(max(x, 0), 1):.0f}%" for x in (start, end))
    style = f"--from:{first};--to:{last}"
    return f'<span class="vv-meter" aria-hidden="true" style="{style}"><i></i></span>'
