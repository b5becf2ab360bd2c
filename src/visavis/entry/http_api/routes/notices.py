"""`/api/v1/notices`: what people are told before they consent."""

from fastapi import APIRouter, Response

from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Guarded, Held, needs
from visavis.entry.http_api.lists import UNFIT, Cursor, Limit, RowId
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_notices import NewNotice, Notice, NoticePage
from visavis.store.notices import Notice as Kept
from visavis.store.page import DEFAULT

router = APIRouter(prefix="/api/v1", tags=["privacy"], route_class=Guarded)


@router.get("/notices", summary="List the notices", responses=answers(UNFIT))
@needs(Permission.PRIVACY_READ)
def page(actor: Caller, records: Held, limit: Limit = DEFAULT, cursor: Cursor = None) -> NoticePage:
    """List all versions of all notices, newest first."""
    found = records.notices.page(actor, limit, cursor)
    return NoticePage(items=[_shown(notice) for notice in found.items], next=found.next)


@router.post(
    "/notices", status_code=201, summary="Add a version of a notice", responses=answers(UNFIT)
)
@needs(Permission.PRIVACY_WRITE)
def add(notice: NewNotice, response: Response, actor: Caller, records: Held) -> Notice:
    """Add the next version for a purpose in a language; the ones before stay as they are."""
    added = records.notices.add(actor, notice.purpose, notice.language, notice.text)
    response.headers["Location"] = f"{router.prefix}/notices/{added.id}"
    return _shown(added)


@router.get(
    "/notices/{notice_id}",
    summary="Read a notice",
    responses=answers((404, "There is no such notice here."), UNFIT),
)
@needs(Permission.PRIVACY_READ)
def find(notice_id: RowId, actor: Caller, records: Held) -> Notice:
    """Answer a version of a notice, word for word."""
    return _shown(records.notices.find(actor, notice_id))


def _shown(notice: Kept) -> Notice:
    return Notice(
        id=notice.id,
        purpose=notice.purpose,
        version=notice.version,
        language=notice.language,
        text=notice.text,
        created_at=notice.created_at,
    )
