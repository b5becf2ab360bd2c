"""The JSON of a result: what is sealed, what searching may know of it, and what doors answer.

Doors answer the keys that programs of the older system read (`timestamp`, `image_path`, …), and
beside them, under `visavis`, all that was found. Only the latter is kept: the former follows.
"""

import zlib
from collections.abc import Collection, Mapping
from typing import Any

import orjson

from visavis.core.types import Feature
from visavis.store.results import SCORE_PARTS, Result, ResultFace
from visavis.usecases.analysis import Analysis
from visavis.usecases.analysis_json import to_dict, to_json

SCHEMA = "visavis.result/1"

NEVER_KEPT = frozenset({Feature.EMBEDDING})
"""A vector of a face is a template, and those are made with consent only."""

_GENDERS = {"female": "woman", "male": "man"}
_QUICKLY = 1
"""Level of compression: most of a document is a mesh, which shrinks to a half at any."""


def found(analysis: Analysis, features: Collection[Feature]) -> dict[str, Any]:
    """Return what `/api/v1/analyze` says of a picture, as plain JSON."""
    told: dict[str, Any] = orjson.loads(to_json(to_dict(analysis, features)))
    return told


def pack(told: Mapping[str, Any]) -> bytes:
    """Return what was found as bytes to be sealed."""
    return zlib.compress(orjson.dumps(told), _QUICKLY)


def unpack(data: bytes) -> dict[str, Any]:
    """Return what `pack` was given."""
    told: dict[str, Any] = orjson.loads(zlib.decompress(data))
    return told


def searchable(told: Mapping[str, Any]) -> tuple[ResultFace, ...]:
    """Return what searching may know of the faces that were found."""
    return tuple(_searchable(face) for face in told["faces"])


def document(result: Result, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON of a result.

    Args:
        result: Its row.
        told: What was found.
    """
    return {
        "timestamp": result.created_at.isoformat(),
        "image_path": path_of(result.sha256, "picture"),
        "redis_key": result.sha256,
        "num_faces": told["num_faces"],
        "faces": [_face(face) for face in told["faces"]],
        "visavis": {
            "schema": SCHEMA,
            "annotated_path": path_of(result.sha256, "annotated"),
            "features": list(result.features),
            "job_id": result.job_id or None,
            "batch_id": result.batch_id or None,
            "analysis": told,
        },
    }


def path_of(sha256: str, part: str) -> str:
    """Return where the API answers a part of a result."""
    return f"/api/v1/results/{sha256}/{part}"


def _searchable(face: Mapping[str, Any]) -> ResultFace:
    age = face.get("age")
    smile = (face.get("expression") or {}).get("smile")
    return ResultFace(
        face_index=face["face_index"],
        score=round(SCORE_PARTS * face["score"]),
        age=round(age["years"]) if age else None,
        gender=_value(face, "gender"),
        emotion=_value(face, "emotion"),
        smile=smile["value"] if smile else None,
    )


def _value(face: Mapping[str, Any], head: str) -> Any:  # noqa: ANN401  # JSON
    return face[head]["value"] if head in face else None


def _face(face: Mapping[str, Any]) -> dict[str, Any]:
    """Return a face as the older system wrote it: whole pixels, whole years, two genders."""
    age = face.get("age")
    return {
        "face_index": face["face_index"],
        "box": {side: round(place) for side, place in face["box"].items()},
        "landmarks": [{"x": round(x), "y": round(y)} for x, y, _ in face.get("mesh") or ()],
        "agegender": {
            "age": round(age["years"]) if age else None,
            "gender": _GENDERS.get(_value(face, "gender")),
        },
    }
