"""How OpenAPI describes `POST /api/v1/analyze`, which reads its form itself."""

from typing import Any

from visavis.core.types import Feature
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_attributes import EXAMPLE as ATTRIBUTES
from visavis.usecases.analysis_json import SCHEMA
from visavis.usecases.policy import ALL

_FORM = {
    "type": "object",
    "required": ["files"],
    "properties": {
        "files": {
            "type": "array",
            "items": {"type": "string", "format": "binary"},
            "description": "Pictures: JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF. The field may "
            "also be called `file`.",
        },
        "features": {"type": "string", "description": "As the query parameter, comma-separated."},
        "render": {"type": "string", "enum": ["annotated"]},
    },
}
_FACE = {
    "face_index": 0,
    "box": {"x1": 250.84, "y1": 221.55, "x2": 473.18, "y2": 502.53},
    "score": 0.9941,
}
EXAMPLE: dict[str, Any] = {
    "results": [
        {
            "schema": SCHEMA,
            "name": "portrait.heic",
            "sha256": "e3e5213b50f519f4b8a2b0e3ad4e14d4b3e6a6d7f0e2f3b5c6d7e8f901234567",
            "width": 720,
            "height": 720,
            "pack": "default",
            "took_ms": 41.3,
            "num_faces": 1,
            "faces": [_FACE | ATTRIBUTES],
        },
        {
            "name": "notes.txt",
            "error": {"category": "unsupported", "reason": "the content is no picture"},
        },
    ],
    "failures": 1,
}
"""An answer to `features=age,gender,pose,quality,expression`."""

EXTRA: dict[str, Any] = {
    "parameters": [
        {
            "name": "features",
            "in": "query",
            "description": "What to find beside boxes and scores; present but empty for nothing. "
            "`all` is everything the policy allows but `mesh` and `embedding`, which can be added. "
            "`emotion` and `race` are off unless the operator stated what they are for.",
            "style": "form",
            "explode": False,
            "schema": {
                "type": "array",
                "items": {"type": "string", "enum": [ALL, *Feature]},
                "default": [Feature.POINTS],
            },
        },
        {
            "name": "render",
            "in": "query",
            "description": "`annotated`: also draw the faces into a copy.",
            "schema": {"type": "string", "enum": ["annotated"]},
        },
    ],
    "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}},
}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One entry a picture, in the order sent, failed ones included. One picture "
        "sent with `render=annotated` and `Accept: image/jpeg` comes back as that JPEG.",
        "content": {
            "image/jpeg": {"schema": {"type": "string", "format": "binary"}},
            "application/json": {"example": EXAMPLE},
        },
    },
    **answers(
        (400, "The form is broken; or the only picture is truncated or corrupt."),
        (403, "The deployment's policy forbids a feature; `detail` says how it is turned on."),
        (413, "The request, or the only picture, is too large; or there are too many pictures."),
        (415, "Not a multipart form; or the only picture is of a kind we do not read."),
        (422, "No picture, or an unknown field, feature or rendering."),
        (429, "Too much is waiting; try again after `Retry-After` seconds."),
        (500, "It failed inside."),
        (503, "The service is stopping or not ready."),
        (504, "The only picture took too long."),
    ),
}
