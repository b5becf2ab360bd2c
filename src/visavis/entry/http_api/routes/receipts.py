"""`/api/v1/receipts`: signed statements of what was done."""

from typing import Any

import orjson
from fastapi import APIRouter, Response

from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Guarded, Held, needs, open_to_all
from visavis.entry.http_api.lists import UNFIT, Cursor, Limit, RowId
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_receipts import (
    GivenReceipt,
    Receipt,
    ReceiptPage,
    ReceiptVerdict,
)
from visavis.store.page import DEFAULT
from visavis.store.receipts import Receipt as ReceiptRow
from visavis.usecases.receipts import handed_out

router = APIRouter(prefix="/api/v1", tags=["privacy"], route_class=Guarded)


@router.get(
    "/receipts",
    summary="List the receipts",
    response_model=ReceiptPage,
    responses=answers(UNFIT),
)
@needs(Permission.PRIVACY_READ)
def page(actor: Caller, records: Held, limit: Limit = DEFAULT, cursor: Cursor = None) -> Response:
    """List receipts of erasures, newest first."""
    found = records.receipts.page(actor, limit, cursor)
    return as_written({"items": [_row(each) for each in found.items], "next": found.next})


@router.get(
    "/receipts/{receipt_id}",
    summary="Read a receipt",
    response_model=Receipt,
    responses=answers((404, "There is no such receipt here."), UNFIT),
)
@needs(Permission.PRIVACY_READ)
def find(receipt_id: RowId, actor: Caller, records: Held) -> Response:
    """Answer the document to hand out."""
    return as_written(handed_out(records.receipts.find(actor, receipt_id)))


@router.post("/receipts/check", summary="Check a receipt", responses=answers(UNFIT))
@open_to_all
def check(receipt: GivenReceipt, records: Held) -> ReceiptVerdict:
    """Say whether a receipt is whole, and whether somebody on this server signed it."""
    verdict = records.receipts.judge(receipt.model_dump())
    return ReceiptVerdict(verdict=verdict, words=verdict.words)


def as_written(value: object) -> Response:
    """Answer what is signed letter by letter, as it was signed."""
    return Response(orjson.dumps(value, option=orjson.OPT_UTC_Z), media_type="application/json")


def _row(receipt: ReceiptRow) -> dict[str, Any]:
    return {
        "id": receipt.id,
        "kind": receipt.kind,
        "at": receipt.at,
        "receipt": handed_out(receipt),
    }
