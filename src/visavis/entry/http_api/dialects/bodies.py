"""Bodies of requests in other products' manner: forms or JSON, pictures as files or in base64."""

import base64
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from anyio import to_thread
from fastapi import Request
from starlette.exceptions import HTTPException

from visavis.core.errors import ImageFault, InvalidImage, InvalidInput
from visavis.core.types import Source
from visavis.entry.http_api.uploads import Form
from visavis.entry.services import Services
from visavis.usecases.analysis import Failure


class NotBase64(InvalidInput):
    """A text that should be base64 is none."""

    def __init__(self) -> None:
        super().__init__("the picture is not base64; encode the bytes of the file as they are")


def is_form(request: Request) -> bool:
    """Return whether a body is a form with files."""
    return media_type(request) == "multipart/form-data"


async def read_json(request: Request) -> Any:  # noqa: ANN401  # JSON
    """Return what a JSON body holds; parsed beside the loop, since it may hold pictures.

    Raises:
        HTTPException: 415 for another content type, 400 for what is not JSON.
        ClientDisconnect: the caller left, or was cut off by `BodyLimit`.
    """
    if media_type(request) != "application/json":
        raise HTTPException(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "Send a form (multipart/form-data) or JSON (application/json).",
        )
    body = await request.body()
    try:
        return await to_thread.run_sync(orjson.loads, body)
    except orjson.JSONDecodeError as exc:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "The body is not JSON.") from exc


def members(content: Any) -> Mapping[str, Any]:  # noqa: ANN401  # JSON
    """Return the members of a JSON object.

    Raises:
        InvalidInput: it is something else.
    """
    if not isinstance(content, dict):
        raise InvalidInput("the body is to be a JSON object, in braces")
    return content


def most_bytes(request: Request) -> int:
    """Return how large a picture may be, bytes."""
    services: Services = request.app.state.services
    return services.settings.images.max_bytes


def unpacked(text: str, name: str, most: int) -> Source:
    """Return the picture that a base64 text holds.

    Args:
        text: Without any prefix; line breaks are none of base64.
        name: What the picture is called.
        most: Its largest size, bytes.

    Raises:
        NotBase64: it is none.
        InvalidImage: it is too large.
    """
    if len(text) > 4 * (most // 3 + 1):
        raise InvalidImage(
            ImageFault.TOO_LARGE,
            f"the picture is larger than the {most} bytes allowed; send a smaller one",
        )
    try:
        return Source(name, base64.b64decode(text, validate=True))
    except ValueError as exc:
        raise NotBase64 from exc


def files_of(form: Form) -> dict[str, Source]:
    """Return the pictures of a form by their fields; of several in one field the first.

    Raises:
        InvalidImage: one is larger than allowed.
    """
    found: dict[str, Source] = {}
    for field, picture in zip(form.fields, form.pictures, strict=True):
        if isinstance(picture, Failure):
            raise InvalidImage(ImageFault(picture.category), picture.reason)
        found.setdefault(field, picture)
    return found


def media_type(request: Request) -> str:
    """Return of which kind a body says that it is; empty = it says nothing."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
