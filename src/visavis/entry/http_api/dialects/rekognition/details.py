"""A face as Rekognition describes it. What nobody asked for, or nobody knows, is left out."""

import math
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from visavis.core.types import POSE_ANGLES, Faces, Feature
from visavis.entry.http_api.dialects.rekognition.landmarks import landmarks
from visavis.entry.http_api.dialects.rekognition.traits import (
    MEMBERS,
    MORE,
    TOLD,
    Json,
    part_of,
    percent,
)
from visavis.usecases.analysis import Analysis
from visavis.usecases.seen import Shares
from visavis.vision.stages.gate import Reason

ALWAYS = frozenset({Feature.POINTS, Feature.POSE, Feature.QUALITY})
"""What `DEFAULT` asks for."""

EVERY, DEFAULT = "ALL", "DEFAULT"

REASONS: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.NO_MESH: "LOW_FACE_QUALITY",
        Reason.TOO_SMALL: "SMALL_BOUNDING_BOX",
        Reason.BLURRED: "LOW_SHARPNESS",
        Reason.TOO_DARK: "LOW_BRIGHTNESS",
        Reason.TOO_BRIGHT: "LOW_FACE_QUALITY",
        Reason.LOW_CONTRAST: "LOW_FACE_QUALITY",
        Reason.TURNED_AWAY: "EXTREME_POSE",
        Reason.COVERED: "LOW_FACE_QUALITY",
        Reason.POOR: "LOW_FACE_QUALITY",
    }
)
"""Why a face is not indexed, in Rekognition's words."""


def wanted(attributes: Collection[str]) -> frozenset[str]:
    """Return the attributes that are asked for, with what `ALL` stands for."""
    named = MORE.keys() if EVERY in attributes else attributes
    return frozenset(named) - {DEFAULT, EVERY}


def is_every(attributes: Collection[str]) -> bool:
    """Return whether all attributes are asked for, and with them all landmarks."""
    return MORE.keys() <= set(attributes)


def features_for(attributes: Collection[str]) -> frozenset[Feature]:
    """Return what has to be looked for to tell the attributes that `wanted` gave."""
    return frozenset().union(*(MORE[name] for name in attributes))


def box_of(shares: Shares) -> Json:
    """Return a box, x, y, width and height as shares of the picture."""
    left, top, width, height = shares
    return {"Left": left, "Top": top, "Width": width, "Height": height}


def shares_of(found: Analysis, i: int) -> Shares:
    """Return where face `i` is, as shares of the picture; it may reach beyond the edge."""
    x1, y1, x2, y2 = found.faces.boxes[i].astype(float).tolist()
    wide, high = found.width, found.height
    return x1 / wide, y1 / high, (x2 - x1) / wide, (y2 - y1) / high


def basics(found: Analysis, i: int, *, every: bool = False) -> Json:
    """Return what is told of every face: place, landmarks, pose, quality.

    Args:
        found: The picture; pose and quality were asked for.
        i: Which of its faces.
        every: Also the landmarks that need the mesh.
    """
    faces = found.faces
    told = {
        "BoundingBox": box_of(shares_of(found, i)),
        "Confidence": percent(float(faces.scores[i])),
        "Landmarks": landmarks(faces, i, (found.width, found.height), every=every),
        "Pose": _pose(faces, i),
        "Quality": _quality(faces, i),
    }
    return {name: part for name, part in told.items() if part}


def detail(found: Analysis, i: int, attributes: Collection[str] = ()) -> Json:
    """Return all that is told of a face: what always is, and what was asked for and is known.

    Args:
        found: The picture.
        i: Which of its faces.
        attributes: Those that `wanted` gave.
    """
    told = basics(found, i, every=is_every(attributes))
    for name in sorted(attributes):
        tell = TOLD.get(name)
        part = tell(found.faces, i) if tell else None
        if part is not None:
            told[MEMBERS[name]] = part
    return told


def reasons_of(reasons: Iterable[Reason]) -> list[str]:
    """Return why a face is not good enough, in Rekognition's words, each once."""
    return list(dict.fromkeys(REASONS[reason] for reason in reasons))


def _pose(faces: Faces, i: int) -> Json | None:
    if faces.pose is None:
        return None
    angles = dict(zip(POSE_ANGLES, faces.pose[i].tolist(), strict=True))
    if any(map(math.isnan, angles.values())):
        return None
    return {name.capitalize(): angle for name, angle in angles.items()}


def _quality(faces: Faces, i: int) -> Json | None:
    parts = {
        "Brightness": part_of(faces, i, "brightness"),
        "Sharpness": part_of(faces, i, "sharpness"),
    }
    return {name: part for name, part in parts.items() if part is not None} or None
