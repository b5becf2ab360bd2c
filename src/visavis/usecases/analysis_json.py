"""The JSON of an analysis: what every door writes for one picture."""

from collections.abc import Collection
from typing import Any

import numpy as np
import orjson

from visavis.core.types import POINT_NAMES, Feature, Floats
from visavis.usecases.analysis import Analysis, Failure
from visavis.usecases.attributes_json import attributes

SCHEMA = "visavis.analysis/1"

_ARRAYS = orjson.OPT_SERIALIZE_NUMPY
_FOR_PEOPLE = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def to_json(content: object, *, indent: bool = False) -> bytes:
    """Return UTF-8 JSON of what `to_dict` made, or of anything that holds it."""
    return orjson.dumps(content, option=_ARRAYS | (_FOR_PEOPLE if indent else 0))


def to_dict(outcome: Analysis | Failure, features: Collection[Feature]) -> dict[str, Any]:
    """Return plain dicts, lists, strings and numbers, ready for `to_json`.

    Meshes and embeddings stay arrays: as lists, the meshes of one crowd are a million objects.

    Args:
        outcome: One picture's result or failure.
        features: What was asked for; only that is written.

    Returns:
        For a failure `{"name", "error": {"category", "reason"}}`; else the picture's facts and
        `faces`, coordinates in pixels of the upright picture, rounded to 1/100.
    """
    if isinstance(outcome, Failure):
        error = {"category": outcome.category, "reason": outcome.reason}
        return {"name": outcome.name, "error": error}
    return {
        "schema": SCHEMA,
        "name": outcome.name,
        "sha256": outcome.sha256,
        "width": outcome.width,
        "height": outcome.height,
        "pack": outcome.pack,
        "took_ms": round(outcome.took_ms, 1),
        "num_faces": len(outcome.faces),
        "faces": [_face(outcome, i, features) for i in range(len(outcome.faces))],
    }


def _face(outcome: Analysis, i: int, features: Collection[Feature]) -> dict[str, Any]:
    faces = outcome.faces
    face: dict[str, Any] = {
        "face_index": i,
        "box": dict(zip(("x1", "y1", "x2", "y2"), _rounded(faces.boxes[i]), strict=True)),
        "score": round(float(faces.scores[i]), 4),
    }
    if Feature.POINTS in features:
        spots = _rounded(faces.points[i])
        face["points"] = {
            name: {"x": x, "y": y} for name, (x, y) in zip(POINT_NAMES, spots, strict=True)
        }
    if Feature.MESH in features and faces.mesh is not None and faces.mesh_scores is not None:
        meshed = bool(np.isfinite(faces.mesh[i]).all())
        face["mesh"] = faces.mesh[i].astype(np.float64).round(2) if meshed else None
        face["mesh_score"] = round(float(faces.mesh_scores[i]), 4)
    face |= attributes(faces, i, features, outcome.reasons_of(i))
    if Feature.EMBEDDING in features and faces.embeddings is not None:
        face["embedding"] = faces.embeddings[i]
    return face


def _rounded(values: Floats) -> list[Any]:
    """Return nested lists with two decimals; via float64, so that JSON shows 12.34 exactly."""
    rounded: list[Any] = values.astype(np.float64).round(2).tolist()
    return rounded
