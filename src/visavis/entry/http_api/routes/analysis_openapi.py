"""How OpenAPI describes `POST /api/v1/analyze`, which reads its form itself."""

from typing import Any

from visavis.core.types import Feature
from visavis.entry.http_api.schemas import answers

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
EXTRA: dict[str, Any] = {
    "parameters": [
        {
            "name": "features",
            "in": "query",
            "description": "What to find beside boxes and scores; present but empty for nothing.",
            "style": "form",
            "explode": False,
            "schema": {
                "type": "array",
                "items": {"type": "string", "enum": list(Feature)},
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
        "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
    },
    **answers(
        (400, "The form is broken; or the only picture is truncated or corrupt."),
        (413, "The request, or the only picture, is too large; or there are too many pictures."),
        (415, "Not a multipart form; or the only picture is of a kind we do not read."),
        (422, "No picture, or an unknown field, feature or rendering."),
        (429, "Too much is waiting; try again after `Retry-After` seconds."),
        (500, "It failed inside."),
        (503, "The service is stopping or not ready."),
        (504, "The only picture took too long."),
    ),
}
