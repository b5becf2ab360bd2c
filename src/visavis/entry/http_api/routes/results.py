"""`/api/v1/results`: what was found on pictures, kept sealed until it is removed."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import StreamingResponse

from visavis.core.errors import InvalidInput
from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Guarded, Held, needs, takes_long
from visavis.entry.http_api.lists import UNFIT, Cursor, Limit
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_results import (
    Result,
    ResultDocument,
    ResultPage,
    Sha256,
    sought,
)
from visavis.store.page import DEFAULT
from visavis.store.results import Result as Row
from visavis.store.results import Sought
from visavis.usecases import media_types, results_csv
from visavis.usecases.analysis_json import to_json
from visavis.usecases.results_sealing import Part

router = APIRouter(prefix="/api/v1", tags=["results"], route_class=Guarded)

PRIVATE = "private, no-store"
"""Nobody on the way keeps what is kept sealed here."""

_CSV, _JPEG, _UNKNOWN = "text/csv", "image/jpeg", "application/octet-stream"
_ABSENT = (404, "There is no result of this picture here.")
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The picture as it was sent.",
        "content": dict.fromkeys(media_types.PICTURES, _BINARY),
    }
}
_ANNOTATED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The picture with its faces.", "content": {_JPEG: _BINARY}}
}
_TABLE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One row a face, the columns of `visavis analyze --csv`.",
        "content": {_CSV: {"schema": {"type": "string"}}},
    }
}

Wanted = Annotated[Sought, Depends(sought)]
"""Which results are asked for, as a parameter of an endpoint."""


@router.get("/results", summary="List results", responses=answers(UNFIT))
@needs(Permission.RESULTS_READ)
def page(
    wanted: Wanted, actor: Caller, records: Held, limit: Limit = DEFAULT, cursor: Cursor = None
) -> ResultPage:
    """List the results that match, newest first. A picture has one, however often it was sent."""
    found = records.results.page(actor, wanted, limit, cursor)
    return ResultPage(items=[_shown(each) for each in found.items], next=found.next)


@router.get(
    "/results.csv",
    summary="Export results",
    response_class=StreamingResponse,
    responses=_TABLE | answers(UNFIT),
)
@needs(Permission.RESULTS_READ)
@takes_long
def export(wanted: Wanted, actor: Caller, records: Held) -> StreamingResponse:
    """Answer the faces of all results that match, as one table."""
    pieces = results_csv.table(records.results, actor, wanted)
    headers = _headers("visavis-results.csv")
    return StreamingResponse(pieces, media_type=_CSV, headers=headers)


@router.get(
    "/results/{sha256}",
    summary="Read a result",
    response_model=ResultDocument,
    responses=answers(_ABSENT, UNFIT),
)
@needs(Permission.RESULTS_READ)
@takes_long
def find(sha256: Sha256, actor: Caller, records: Held) -> Response:
    """Answer what was found on a picture."""
    told = records.results.document(actor, sha256)
    headers = {"Cache-Control": PRIVATE}
    return Response(to_json(told), media_type="application/json", headers=headers)


@router.get(
    "/results/{sha256}/picture",
    summary="Read the picture of a result",
    response_class=Response,
    responses=_PICTURE | answers(_ABSENT, UNFIT),
)
@needs(Permission.RESULTS_READ)
@takes_long
def picture(sha256: Sha256, actor: Caller, records: Held) -> Response:
    """Answer the picture, byte for byte as it was sent."""
    data = records.results.open(actor, sha256, Part.PICTURE)[1]
    kind = media_type(data)
    return Response(data, media_type=kind, headers=_headers(f"{sha256}.{_suffix(kind)}"))


@router.get(
    "/results/{sha256}/annotated",
    summary="Read the annotated picture of a result",
    response_class=Response,
    responses=_ANNOTATED | answers(_ABSENT, UNFIT),
)
@needs(Permission.RESULTS_READ)
@takes_long
def annotated(sha256: Sha256, actor: Caller, records: Held) -> Response:
    """Answer the picture with its faces drawn in."""
    data = records.results.open(actor, sha256, Part.ANNOTATED)[1]
    return Response(data, media_type=_JPEG, headers=_headers(f"{sha256}-annotated.jpg"))


@router.delete(
    "/results/{sha256}",
    status_code=204,
    summary="Remove a result",
    responses=answers(_ABSENT, UNFIT),
)
@needs(Permission.RESULTS_WRITE)
def remove(sha256: Sha256, actor: Caller, records: Held) -> None:
    """Remove what was found on a picture, and the picture."""
    records.results.remove(actor, [sha256])


def media_type(data: bytes) -> str:
    """Return the media type of a picture; of one that browsers do not know, none in particular."""
    try:
        return media_types.of_picture(data)
    except InvalidInput:
        return _UNKNOWN


def _suffix(kind: str) -> str:
    return "bin" if kind == _UNKNOWN else kind.partition("/")[2].replace("jpeg", "jpg")


def _headers(name: str) -> dict[str, str]:
    """Return headers of what is kept by whoever asked, as a file, and by nobody else."""
    return {"Cache-Control": PRIVATE, "Content-Disposition": f'attachment; filename="{name}"'}


def _shown(row: Row) -> Result:
    return Result(
        sha256=row.sha256,
        created_at=row.created_at,
        width=row.width,
        height=row.height,
        num_faces=row.faces,
        pack=row.pack,
        features=list(row.features),
        job_id=row.job_id or None,
        batch_id=row.batch_id or None,
    )
