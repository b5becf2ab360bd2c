"""Answers that are files: whole, or the range of bytes that was asked for (RFC 9110 §13, §14)."""

import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from urllib.parse import quote

from fastapi import Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse

from visavis.store.blob_rows import BlobRow

Open = Callable[[int, int], Iterator[bytes]]
"""Gives the bytes from a first one up to, not including, a last one."""

_RANGE = re.compile(r"bytes=([0-9]{0,19})-([0-9]{0,19})")


def answer(request: Request, row: BlobRow, name: str, caching: str, open_: Open) -> Response:
    """Answer a file, to be saved and not shown: it comes from anybody.

    Args:
        request: Asks for it; what it says about ranges and its own copy is heeded.
        row: What is known of the file.
        name: What it is called when it is saved.
        caching: The `Cache-Control` of the answer.
        open_: Opens it.

    Raises:
        HTTPException: 416, the range lies beyond the file.
    """
    tag = f'"{row.sha256}"'
    headers = {
        "ETag": tag,
        "Accept-Ranges": "bytes",
        "Cache-Control": caching,
        "Content-Disposition": _saved_as(name),
        "X-Content-Type-Options": "nosniff",
    }
    if _has_copy(request, tag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    asked = _asked(request, row.size, tag)
    start, end = asked or (0, row.size)
    headers["Content-Length"] = str(end - start)
    status = HTTPStatus.OK
    if asked:
        status = HTTPStatus.PARTIAL_CONTENT
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{row.size}"
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=row.media_type)
    return StreamingResponse(open_(start, end), status, headers, row.media_type)


def _has_copy(request: Request, tag: str) -> bool:
    known = request.headers.get("if-none-match", "")
    return "*" in known or tag in {entry.strip().removeprefix("W/") for entry in known.split(",")}


def _asked(request: Request, size: int, tag: str) -> tuple[int, int] | None:
    """Return first byte and one past the last; None for all.

    All is also the answer to several ranges, and to the rest of a copy of something else.
    """
    found = _RANGE.fullmatch(request.headers.get("range", ""))
    if not found or request.headers.get("if-range", tag) != tag or found[0] == "bytes=-":
        return None
    first, last = found[1], found[2]
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < start:
            return None  # no range at all
    if start >= end:
        raise HTTPException(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            f"The file has {size} bytes, and none in that range; ask for others.",
            {"Content-Range": f"bytes */{size}"},
        )
    return start, end


def _saved_as(name: str) -> str:
    """Return the header that says what to call a file, for old and new browsers (RFC 6266)."""
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
