"""The JSON of attributes: what every door writes about one face beyond where it is."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from visavis.core.attributes import CLASSES, Head
from visavis.core.types import EXPRESSIONS, POSE_ANGLES, QUALITY_PARTS, Faces, Feature, Floats
from visavis.usecases.attributes import age_of, verdict
from visavis.vision.stages.expression import gaze_word
from visavis.vision.stages.gate import Reason

YES_FROM = 0.5
"""Probability from which an eye is told to be open, a mouth open, a smile there."""

_PERMYRIAD = 4
"""Decimals of a probability."""


def attributes(
    faces: Faces, i: int, features: Collection[Feature], reasons: Sequence[Reason] = ()
) -> dict[str, Any]:
    """Return what is known about face `i`, as far as it was asked for.

    Probabilities have four decimals; years, degrees and quality one.

    Args:
        faces: The faces of one picture.
        i: Which of them.
        features: What was asked for.
        reasons: Why the face is not good enough.
    """
    told: dict[str, Any] = {
        head.value: _answer(faces, i, head)
        for head in (Head.AGE, Head.GENDER, Head.EMOTION, Head.RACE)
        if Feature(head) in features and head in faces.heads
    }
    for feature, (part, write) in _PARTS.items():
        values: Floats | None = getattr(faces, part)
        if feature in features and values is not None:
            told[feature.value] = write(values[i])
    if Feature.QUALITY in told:
        told[Feature.QUALITY.value]["reasons"] = [reason.value for reason in reasons]
    return told


def _answer(faces: Faces, i: int, head: Head) -> dict[str, Any]:
    said = verdict(faces, i, head)
    shares = [round(float(p), _PERMYRIAD) for p in said.probabilities]
    told: dict[str, Any] = {}
    if head is Head.AGE:
        age = age_of(said.probabilities)
        told = {"years": round(age.years, 1), "low": round(age.low, 1), "high": round(age.high, 1)}
    return told | {
        "value": said.value,
        "confidence": round(said.confidence, _PERMYRIAD),
        "probabilities": dict(zip(CLASSES[head], shares, strict=True)),
        "version": said.version,
    }


def _pose(angles: Floats) -> dict[str, float] | None:
    told = {name: _tenths(x) for name, x in zip(POSE_ANGLES, angles.tolist(), strict=True)}
    return None if None in told.values() else told  # type: ignore[return-value]  # just looked


def _quality(parts: Floats) -> dict[str, float | None]:
    return {name: _tenths(x) for name, x in zip(QUALITY_PARTS, parts.tolist(), strict=True)}


def _expression(values: Floats) -> dict[str, Any]:
    *chances, gaze = values.tolist()
    told: dict[str, Any] = {
        name: _whether(chance) for name, chance in zip(EXPRESSIONS[:-1], chances, strict=True)
    }
    seen = None if math.isnan(gaze) else {"value": gaze_word(gaze), "offset": round(gaze, 2)}
    return told | {EXPRESSIONS[-1]: seen}


def _whether(chance: float) -> dict[str, Any] | None:
    """Return yes or no and how sure that is, or None where it cannot be told."""
    if math.isnan(chance):
        return None
    sure = max(chance, 1 - chance)
    return {"value": chance >= YES_FROM, "confidence": round(sure, _PERMYRIAD)}


def _tenths(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 1) + 0.0  # + 0.0: no -0.0


_PARTS: Mapping[Feature, tuple[str, Callable[[Floats], Any]]] = MappingProxyType(
    {
        Feature.POSE: ("pose", _pose),
        Feature.QUALITY: ("quality", _quality),
        Feature.EXPRESSION: ("expression", _expression),
    }
)
