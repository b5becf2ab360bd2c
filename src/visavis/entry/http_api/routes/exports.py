"""Exports: all that is kept of a person or of oneself, as a zip."""

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Guarded, Held, in_person, needs, takes_long
from visavis.entry.http_api.lists import UNFIT, RowId
from visavis.entry.http_api.schemas import answers

router = APIRouter(prefix="/api/v1", route_class=Guarded)

ZIP = "application/zip"
_READ: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The zip; README.txt in it says what is what.",
        "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get(
    "/subjects/{subject_id}/export",
    tags=["people"],
    summary="Export a subject",
    response_class=StreamingResponse,
    responses=_READ | answers((404, "There is no such subject here, or they were erased."), UNFIT),
)
@needs(Permission.PRIVACY_READ)
@takes_long
def export_subject(subject_id: RowId, actor: Caller, records: Held) -> StreamingResponse:
    """Answer everything that is kept of a person, open, for them to take along.

    It is not encrypted. That it was asked for is written into the audit log.
    """
    pieces = records.exports.subject_pieces(actor, subject_id)
    return zipped(pieces, f"subject-{subject_id}.zip")


@router.get(
    "/me/export",
    tags=["logging in"],
    summary="Export my own data",
    response_class=StreamingResponse,
    responses=_READ,
)
@in_person
@takes_long
def export_mine(actor: Caller, records: Held) -> StreamingResponse:
    """Answer everything that is kept of whoever asks: account, logins, API keys, what they did."""
    return zipped(records.exports.my_pieces(actor), "visavis-account.zip")


def zipped(pieces: Iterator[bytes], name: str) -> StreamingResponse:
    """Send a zip while it is written; nobody on the way keeps it."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(pieces, media_type=ZIP, headers=headers)
