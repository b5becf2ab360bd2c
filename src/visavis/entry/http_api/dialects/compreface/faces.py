"""Faces as CompreFace tells them: whole pixels, five points, and what plugins say."""

from collections.abc import Collection
from typing import Any

import numpy as np

from visavis.core.attributes import Head
from visavis.core.types import POSE_ANGLES
from visavis.entry.http_api.dialects.compreface.options import Options, Plugin
from visavis.usecases.analysis import Analysis
from visavis.usecases.attributes import AGE_COVERAGE, age_of, verdict

NOT_OFFERED = "not offered here"

_DECIMALS = 5


def told(found: Analysis, i: int, options: Options) -> dict[str, Any]:
    """Return what is told of face `i`, as far as it was asked for and is known."""
    tellers = {
        Plugin.AGE: _age,
        Plugin.GENDER: _gender,
        Plugin.POSE: _pose,
        Plugin.LANDMARKS: _landmarks,
        Plugin.CALCULATOR: _embedding,
    }
    said: dict[str, Any] = {"box": _box(found, i)}
    for plugin, tell in tellers.items():
        if plugin in options.plugins:
            said |= tell(found, i)
    if options.is_detailed:  # all is done in one run, so it has one time
        said["execution_time"] = {"detector": round(found.took_ms, 1)}
    return said


def versions(found: Analysis, embedder: str, plugins: Collection[Plugin]) -> dict[str, str]:
    """Return what looked at a picture, and which of the plugins asked for cannot tell anything."""
    heads = {Plugin.AGE: Head.AGE, Plugin.GENDER: Head.GENDER}
    told = {"detector": found.pack, "calculator": embedder}
    told |= {
        plugin.value: found.faces.heads[head].version
        for plugin, head in heads.items()
        if plugin in plugins and head in found.faces.heads
    }
    return told | {each.value: NOT_OFFERED for each in plugins if each.feature is None}


def _box(found: Analysis, i: int) -> dict[str, Any]:
    x1, y1, x2, y2 = (round(side) for side in found.faces.boxes[i].tolist())
    probability = round(float(found.faces.scores[i]), _DECIMALS)
    return {"probability": probability, "x_min": x1, "y_min": y1, "x_max": x2, "y_max": y2}


def _age(found: Analysis, i: int) -> dict[str, Any]:
    if Head.AGE not in found.faces.heads:
        return {}
    age = age_of(verdict(found.faces, i, Head.AGE).probabilities)
    return {"age": {"probability": AGE_COVERAGE, "low": int(age.low), "high": round(age.high)}}


def _gender(found: Analysis, i: int) -> dict[str, Any]:
    if Head.GENDER not in found.faces.heads:
        return {}
    said = verdict(found.faces, i, Head.GENDER)
    if not said.known:  # CompreFace has no word for it
        return {}
    return {"gender": {"probability": round(said.confidence, _DECIMALS), "value": said.value}}


def _pose(found: Analysis, i: int) -> dict[str, Any]:
    if found.faces.pose is None or not np.isfinite(found.faces.pose[i]).all():
        return {}
    angles = dict(zip(POSE_ANGLES, found.faces.pose[i].tolist(), strict=True))
    return {"pose": {name: round(angles[name], 2) for name in ("pitch", "roll", "yaw")}}


def _landmarks(found: Analysis, i: int) -> dict[str, Any]:
    return {"landmarks": [[round(x), round(y)] for x, y in found.faces.points[i].tolist()]}


def _embedding(found: Analysis, i: int) -> dict[str, Any]:
    return {} if found.faces.embeddings is None else {"embedding": found.faces.embeddings[i]}
