"""`/api/v1/blobs`: files as they are; `/api/v1/shared`: one file for whoever has its link."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

from anyio import CapacityLimiter, from_thread, to_thread
from fastapi import APIRouter, Path, Query, Request, Response

from visavis.credentials.roles import Permission
from visavis.entry.http_api import ranges
from visavis.entry.http_api.access import Caller, Guarded, Held, needs, open_to_all
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_blobs import Blob, BlobLink, LinkOrder
from visavis.store.blob_rows import BlobRow
from visavis.usecases import media_types

router = APIRouter(prefix="/api/v1", tags=["files"], route_class=Guarded)

UPLOAD = "upload"
"""What needs a file that came in here."""

MOST_AT_ONCE = 16
"""Files that may come in at the same time, a thread each; others wait."""

_PRIVATE, _ONCE = "private, no-cache", "private, no-store"

Sha256 = Annotated[
    str, Path(pattern="^[0-9a-f]{64}$", description="The file's SHA-256, lower-case hex.")
]
Shown = Annotated[
    str | None, Query(pattern="^[0-9a-f]{32}$", description="Whom it shows; it goes with them.")
]

_FILE = {"type": "string", "format": "binary"}
_FILES: dict[str, Any] = {
    kind: {"schema": {} if kind == "application/json" else _FILE} for kind in media_types.KNOWN
}
_BODY = {"requestBody": {"required": True, "content": _FILES}}
_READ: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": _FILES},
    206: {"description": "The part that `Range` asked for.", "content": _FILES},
    304: {"description": "The caller's copy is still good."},
    **answers((416, "The range lies beyond the file.")),
}
_ABSENT = (404, "There is no such file here.")
_NO_NAME = (422, "The name is no SHA-256.")
_LINK = {
    "parameters": [
        {"name": name, "in": "query", "required": True, "schema": {"type": "string"}}
        for name in ("v", "tenant", "blob", "type", "name", "expires", "mac")
    ]
}


@router.post(
    "/blobs",
    status_code=201,
    summary="Keep a file",
    response_model=Blob,
    openapi_extra=_BODY,
    responses=answers(
        (404, "There is no such subject here."),
        (413, "It is too large, or the organisation has no room for it."),
        (422, "It is not what its type says, or of a type that is not kept."),
    ),
)
@needs(Permission.PHOTOS_WRITE)
async def keep(
    request: Request, response: Response, actor: Caller, records: Held, subject_id: Shown = None
) -> Blob:
    """Keep the body as a file; the same file sent again is kept once."""
    pieces = _pieces(request.stream())
    kind = request.headers.get("content-type", "")

    def take() -> BlobRow:
        owner = subject_id or "api"
        return records.blobs.keep(actor, pieces, kind, UPLOAD, owner, subject_id)

    row = await to_thread.run_sync(take, limiter=_limiter(request))
    response.headers["Location"] = f"{router.prefix}/blobs/{row.sha256}"
    return Blob(
        sha256=row.sha256, size=row.size, media_type=row.media_type, created_at=row.created_at
    )


@router.get(
    "/blobs/{sha256}",
    summary="Read a file",
    response_class=Response,
    responses=_READ | answers(_ABSENT, _NO_NAME),
)
@needs(Permission.PHOTOS_READ)
def read(request: Request, sha256: Sha256, actor: Caller, records: Held) -> Response:
    """Answer a file or the part of it that `Range` asks for."""
    row = records.blobs.find(actor, sha256)

    def open_(start: int, end: int) -> Iterator[bytes]:
        return records.blobs.open(actor, sha256, start, end).pieces

    return ranges.answer(request, row, _name(row), _PRIVATE, open_)


@router.head(
    "/blobs/{sha256}",
    summary="Ask for a file's size and type",
    response_class=Response,
    responses=_READ | answers(_ABSENT, _NO_NAME),
)
@needs(Permission.PHOTOS_READ)
def look(request: Request, sha256: Sha256, actor: Caller, records: Held) -> Response:
    """Answer what reading would, without the file."""
    return read(request, sha256, actor, records)


@router.post(
    "/blobs/{sha256}/link",
    status_code=201,
    summary="Make a link to a file",
    response_model=BlobLink,
    responses=answers(_ABSENT, (422, "Name or time cannot be used.")),
)
@needs(Permission.PHOTOS_WRITE)
def link(sha256: Sha256, order: LinkOrder, actor: Caller, records: Held) -> BlobLink:
    """Make a link that opens the file for whoever has it, without logging in, for a while.

    It cannot be taken back, but it opens nothing once the file is deleted.
    """
    name = order.name or _name(records.blobs.find(actor, sha256))
    query = records.blobs.link(actor, sha256, name, order.seconds)
    return BlobLink(url=f"{records.ground.site}{router.prefix}/shared?{query}")


@router.delete(
    "/blobs/{sha256}",
    status_code=204,
    summary="Delete a file",
    responses=answers(_ABSENT, _NO_NAME),
)
@needs(Permission.PHOTOS_WRITE)
def drop(sha256: Sha256, actor: Caller, records: Held) -> None:
    """Delete a file that was sent here; it stays while something else needs it."""
    records.blobs.drop(actor, sha256, UPLOAD)


@router.get(
    "/shared",
    summary="Open a link to a file",
    response_class=Response,
    openapi_extra=_LINK,
    responses=_READ | answers((403, "The link is wrong, its time is over, or the file is gone.")),
)
@open_to_all
def shared(request: Request, records: Held) -> Response:
    """Answer the file of a link that was made here; nobody needs to be logged in."""
    query = request.scope["query_string"].decode("latin-1")
    row, name = records.blobs.find_link(query)

    def open_(start: int, end: int) -> Iterator[bytes]:
        return records.blobs.open_link(query, start, end).pieces

    return ranges.answer(request, row, name, _ONCE, open_)


def _pieces(stream: AsyncIterator[bytes]) -> Iterator[bytes]:
    """Give the body as it comes in, to a thread of the server's pool."""

    async def following() -> bytes | None:
        return await anext(stream, None)

    while (piece := from_thread.run(following)) is not None:
        yield piece


def _limiter(request: Request) -> CapacityLimiter:
    """Return what keeps slow senders from taking all threads; one for each application."""
    state = request.app.state
    if not hasattr(state, "uploads"):
        state.uploads = CapacityLimiter(MOST_AT_ONCE)
    limiter: CapacityLimiter = state.uploads
    return limiter


def _name(row: BlobRow) -> str:
    """Return what a file is called when it is saved."""
    return f"{row.sha256[:16]}.{row.media_type.partition('/')[2]}"
