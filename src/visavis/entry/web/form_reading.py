"""Reads the plain forms: small ones, and nothing else."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

MOST_BYTES = 16 * 1024
"""Largest body of a form."""

_MOST_FIELDS = 20
_MEDIA_TYPE = "application/x-www-form-urlencoded"


def network_address(request: Request) -> str:
    """Return where a request comes from; behind a proxy that the settings name, who asked it."""
    return request.client.host if request.client else ""


async def _read(request: Request) -> dict[str, str]:
    """Return the fields of a form, the last one of each name."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != _MEDIA_TYPE:
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"send the form as {_MEDIA_TYPE}")
    body = await _body(request)
    try:
        pairs = parse_qsl(
            body.decode("latin-1"),
            keep_blank_values=True,
            errors="replace",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "the form has too many fields") from None
    return {name: value.replace("\x00", "") for name, value in pairs}


async def _body(request: Request) -> bytes:
    """Read the body of a form; one that is too large is left where it is."""
    refused = HTTPException(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"a form has {MOST_BYTES} bytes at most; write less",
        {"Connection": "close"},
    )
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MOST_BYTES:
        raise refused
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BYTES:
            raise refused
    return bytes(body)


Form = Annotated[dict[str, str], Depends(_read)]
"""What was filled in, as a parameter of an endpoint; it is read after the size was checked."""
