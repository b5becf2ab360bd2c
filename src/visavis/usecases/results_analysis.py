"""An analysis read back from the JSON of a result, so that it is drawn and told as a fresh one."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from visavis.core.attributes import CLASSES, UNKNOWN, Head
from visavis.core.types import (
    EXPRESSIONS,
    MESH_POINTS,
    POINT_NAMES,
    POSE_ANGLES,
    QUALITY_PARTS,
    Answers,
    Faces,
    Floats,
)
from visavis.usecases.analysis import Analysis
from visavis.vision.stages.gate import Reason

_HALF_A_STEP = 5e-5
"""Half of the last decimal of a probability: what was below a limit stays below it."""

_NOTHING = math.nan

_Face = Mapping[str, Any]


def read(told: Mapping[str, Any]) -> Analysis:
    """Return what was found, as far as it was asked for; points that were not are not numbers.

    Args:
        told: What `analysis_json.to_dict` wrote of a picture.
    """
    faces: list[_Face] = told["faces"]
    return Analysis(
        name=told["name"],
        sha256=told["sha256"],
        width=told["width"],
        height=told["height"],
        faces=_faces(faces),
        pack=told["pack"],
        took_ms=told["took_ms"],
        reasons=tuple(map(_reasons, faces)) if _has(faces, "quality") else (),
    )


def _faces(faces: Sequence[_Face]) -> Faces:
    return Faces(
        boxes=_array(faces, _box, (4,)),
        scores=_array(faces, lambda face: face["score"], ()),
        points=_array(faces, _points, (5, 2)),
        mesh=_part(faces, "mesh", _mesh, (MESH_POINTS, 3)),
        mesh_scores=_part(faces, "mesh_score", lambda face: face["mesh_score"], ()),
        heads={head: _answers(faces, head) for head in Head if _has(faces, head)},
        pose=_part(faces, "pose", _pose, (len(POSE_ANGLES),)),
        quality=_part(faces, "quality", _quality, (len(QUALITY_PARTS),)),
        expression=_part(faces, "expression", _expression, (len(EXPRESSIONS),)),
    )


def _has(faces: Sequence[_Face], part: str) -> bool:
    """Return whether a part was asked for: it is there for every face then."""
    return bool(faces) and part in faces[0]


def _array(
    faces: Sequence[_Face], values: Callable[[_Face], object], shape: tuple[int, ...]
) -> Floats:
    found = [values(face) for face in faces]
    return np.array(found, np.float32).reshape(len(faces), *shape)


def _part(
    faces: Sequence[_Face],
    part: str,
    values: Callable[[_Face], object],
    shape: tuple[int, ...],
) -> Floats | None:
    return _array(faces, values, shape) if _has(faces, part) else None


def _box(face: _Face) -> list[float]:
    return [face["box"][side] for side in ("x1", "y1", "x2", "y2")]


def _points(face: _Face) -> list[list[float]]:
    spots = face.get("points")
    if not spots:
        return [[_NOTHING] * 2] * len(POINT_NAMES)
    return [[spots[name]["x"], spots[name]["y"]] for name in POINT_NAMES]


def _mesh(face: _Face) -> object:
    return face["mesh"] or [[_NOTHING] * 3] * MESH_POINTS


def _pose(face: _Face) -> list[float]:
    pose = face["pose"] or dict.fromkeys(POSE_ANGLES, _NOTHING)
    return [pose[angle] for angle in POSE_ANGLES]


def _quality(face: _Face) -> list[float]:
    parts = [face["quality"][part] for part in QUALITY_PARTS]
    return [_NOTHING if part is None else part for part in parts]


def _reasons(face: _Face) -> tuple[Reason, ...]:
    return tuple(map(Reason, face["quality"]["reasons"]))


def _expression(face: _Face) -> list[float]:
    told = face["expression"]
    gaze = told[EXPRESSIONS[-1]]
    chances = [_chance(told[name]) for name in EXPRESSIONS[:-1]]
    return [*chances, gaze["offset"] if gaze else _NOTHING]


def _chance(said: Mapping[str, Any] | None) -> float:
    """Return the probability of a yes, from the answer and how sure it was."""
    if said is None:
        return _NOTHING
    sure: float = said["confidence"]
    return sure if said["value"] else 1 - sure


def _answers(faces: Sequence[_Face], head: Head) -> Answers:
    """Return what a head said; below which limit it knew nothing, its answers show."""
    said = [face[head.value] for face in faces]
    shares = [[each["probabilities"][name] for name in CLASSES[head]] for each in said]
    unsure = [each["confidence"] for each in said if each["value"] == UNKNOWN]
    limit = max(unsure) + _HALF_A_STEP if unsure else 0.0
    return Answers(np.array(shares, np.float32), said[0]["version"], limit)
