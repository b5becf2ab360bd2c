"""How OpenAPI describes the routes of jobs that read or write something else than JSON."""

from typing import Any

from visavis.core.types import Feature
from visavis.entry.http_api.events import MEDIA_TYPE
from visavis.entry.http_api.schemas import answers
from visavis.usecases.policy import ALL

_FORM = {
    "type": "object",
    "required": ["files"],
    "properties": {
        "files": {
            "type": "array",
            "items": {"type": "string", "format": "binary"},
            "description": "Pictures, as `/api/v1/analyze` takes them. The field may also be "
            "called `file`.",
        },
        "features": {"type": "string", "description": "As the query parameter, comma-separated."},
        "priority": {"type": "string", "description": "As the query parameter."},
    },
}
EXTRA: dict[str, Any] = {
    "parameters": [
        {
            "name": "features",
            "in": "query",
            "description": "What to find, as for `/api/v1/analyze`. Embeddings are found and not "
            "kept.",
            "style": "form",
            "explode": False,
            "schema": {
                "type": "array",
                "items": {"type": "string", "enum": [ALL, *Feature]},
                "default": [Feature.POINTS],
            },
        },
        {
            "name": "priority",
            "in": "query",
            "description": "0 comes first, 9 last.",
            "schema": {"type": "integer", "minimum": 0, "maximum": 9, "default": 5},
        },
    ],
    "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}},
}
ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "The pictures are taken.",
        "headers": {
            "Location": {"description": "Where the batch is.", "schema": {"type": "string"}}
        },
    },
    **answers(
        (400, "The form is broken."),
        (403, "A feature is forbidden, or in this mode no pictures are kept; `detail` says which."),
        (413, "The request, or every picture of it, is too large; or there is no room for them."),
        (415, "Not a multipart form."),
        (422, "No picture, an unknown field or feature, or the key was used for other pictures."),
        (429, "Too many jobs wait; try again after `Retry-After` seconds."),
    ),
}
_EVENT = {
    "type": "object",
    "required": ["id", "event", "data"],
    "properties": {
        "id": {"type": "string"},
        "event": {"type": "string", "enum": ["state"]},
        "data": {"type": "string", "description": "JSON, as the route without `/events` answers"},
    },
}
EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events named `state`, each with the whole state as JSON. "
        "Lines that begin with a colon are signs of life.",
        "content": {MEDIA_TYPE: {"schema": _EVENT}},
    },
    204: {"description": "It is over, and `Last-Event-ID` says that this is known."},
}
