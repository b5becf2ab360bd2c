"""What is told of a face where a client asks for it by name, in Rekognition's words."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from visavis.core.attributes import CLASSES, Head
from visavis.core.types import EXPRESSIONS, QUALITY_PARTS, Faces, Feature
from visavis.usecases.attributes import age_of, verdict

Json: TypeAlias = dict[str, Any]

MORE: Mapping[str, frozenset[Feature]] = MappingProxyType(
    {
        "AGE_RANGE": frozenset({Feature.AGE}),
        "BEARD": frozenset(),
        "EMOTIONS": frozenset({Feature.EMOTION}),
        "EYEGLASSES": frozenset(),
        "EYES_OPEN": frozenset({Feature.EXPRESSION}),
        "EYE_DIRECTION": frozenset(),
        "FACE_OCCLUDED": frozenset(),
        "GENDER": frozenset({Feature.GENDER}),
        "MOUTH_OPEN": frozenset({Feature.EXPRESSION}),
        "MUSTACHE": frozenset(),
        "SMILE": frozenset({Feature.EXPRESSION}),
        "SUNGLASSES": frozenset(),
    }
)
"""What each attribute asks for; nothing where we say nothing about it."""

EMOTIONS: Mapping[str, str] = MappingProxyType(
    {
        "angry": "ANGRY",
        "disgust": "DISGUSTED",
        "fear": "FEAR",
        "happy": "HAPPY",
        "neutral": "CALM",
        "sad": "SAD",
        "surprise": "SURPRISED",
    }
)

_HALF = 0.5


def percent(share: float) -> float:
    """Return a share, 0..1, as Rekognition tells it, 0..100."""
    return min(max(100 * share, 0.0), 100.0)


def part_of(faces: Faces, i: int, name: str) -> float | None:
    """Return one part of the quality of face `i`, 0..100; None where it is not known."""
    if faces.quality is None:
        return None
    value = float(faces.quality[i, QUALITY_PARTS.index(name)])
    return None if math.isnan(value) else value


def _age(faces: Faces, i: int) -> Json | None:
    if Head.AGE not in faces.heads:
        return None
    age = age_of(verdict(faces, i, Head.AGE).probabilities)
    return {"Low": math.floor(age.low), "High": math.ceil(age.high)}


def _gender(faces: Faces, i: int) -> Json | None:
    said = verdict(faces, i, Head.GENDER) if Head.GENDER in faces.heads else None
    if said is None or not said.known:
        return None
    return {"Value": said.value.capitalize(), "Confidence": percent(said.confidence)}


def _emotions(faces: Faces, i: int) -> list[Json] | None:
    if Head.EMOTION not in faces.heads:
        return None
    shares = verdict(faces, i, Head.EMOTION).probabilities.tolist()
    told = zip(CLASSES[Head.EMOTION], shares, strict=True)
    ordered = sorted(told, key=lambda pair: -pair[1])
    return [{"Type": EMOTIONS[name], "Confidence": percent(share)} for name, share in ordered]


def _occluded(faces: Faces, i: int) -> Json | None:
    seen = part_of(faces, i, "occlusion")
    return None if seen is None else _whether(1 - seen / 100)


def _eyes(faces: Faces, i: int) -> Json | None:
    chances = [_chance(faces, i, name) for name in ("eye_left_open", "eye_right_open")]
    known = [chance for chance in chances if not math.isnan(chance)]
    return _whether(min(known)) if known else None


def _mouth(faces: Faces, i: int) -> Json | None:
    return _whether(_chance(faces, i, "mouth_open"))


def _smile(faces: Faces, i: int) -> Json | None:
    return _whether(_chance(faces, i, "smile"))


def _chance(faces: Faces, i: int, name: str) -> float:
    if faces.expression is None:
        return math.nan
    return float(faces.expression[i, EXPRESSIONS.index(name)])


def _whether(chance: float) -> Json | None:
    if math.isnan(chance):
        return None
    return {"Value": chance >= _HALF, "Confidence": percent(max(chance, 1 - chance))}


TOLD: Mapping[str, Callable[[Faces, int], Json | list[Json] | None]] = MappingProxyType(
    {
        "AGE_RANGE": _age,
        "EMOTIONS": _emotions,
        "EYES_OPEN": _eyes,
        "FACE_OCCLUDED": _occluded,
        "GENDER": _gender,
        "MOUTH_OPEN": _mouth,
        "SMILE": _smile,
    }
)
MEMBERS: Mapping[str, str] = MappingProxyType(
    {
        "AGE_RANGE": "AgeRange",
        "EMOTIONS": "Emotions",
        "EYES_OPEN": "EyesOpen",
        "FACE_OCCLUDED": "FaceOccluded",
        "GENDER": "Gender",
        "MOUTH_OPEN": "MouthOpen",
        "SMILE": "Smile",
    }
)
