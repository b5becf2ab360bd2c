"""Receipts: what was erased, what was found afterwards, and the document to hand out."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import orjson
from nicegui import ui

from visavis.entry.services import Records
from visavis.entry.web import shell
from visavis.entry.web.elements import html
from visavis.entry.web.fields import act
from visavis.entry.web.lists import Listing
from visavis.entry.web.privacy_frame import RECEIPT, RECEIPTS, part
from visavis.entry.web.privacy_person_markup import reason_name
from visavis.entry.web.questions import acting
from visavis.entry.web.visitor import Visit
from visavis.entry.web.words import count, moment
from visavis.store.page import Page
from visavis.store.receipts import Receipt
from visavis.usecases.actor import Actor
from visavis.usecases.receipts import handed_out

TITLE = "Receipts – Privacy – Visavis"

_HEAD = (
    "<h1>Receipts</h1><p class='vo-lead'>Signed statements that somebody was erased, and what was "
    "found afterwards. Anyone can check one with the public key that is in it.</p>"
)
_BACK = f'<p class="vo-back"><a href="{RECEIPTS.path}">All receipts</a></p>'
_WORDS: Mapping[str, tuple[str, str]] = {
    "keys": ("key", "keys"),
    "consents": ("record of a consent", "records of consents"),
    "files": ("file", "files"),
    "file_uses": ("use of a file", "uses of files"),
    "sealed": ("sealed value", "sealed values"),
}


def install(records: Records) -> None:
    """Register the part."""
    shell.install(records, RECEIPTS, TITLE, _build)


async def _build(visit: Visit, actor: Actor) -> None:
    receipt_id = ui.context.client.request.query_params.get(RECEIPT, "")
    with part(RECEIPTS, actor) as main:
        shown = ReceiptPart(visit, receipt_id) if receipt_id else ReceiptsPart(visit)
    acting(main, visit, {"download": shown.download})
    await visit.handler(shown.show)()


class ReceiptsPart:
    """The list of receipts on one open page.

    Args:
        visit: Who looks at it.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        html(_HEAD)
        self._list = Listing(visit, self._read, drawn)

    async def show(self) -> None:
        """Show the receipts as they are now."""
        await self._list.show()

    def _read(self, actor: Actor, cursor: str | None) -> Page[Receipt]:
        return self._visit.records.receipts.page(actor, cursor=cursor)

    async def download(self, receipt_id: str) -> None:
        """Hand out a receipt."""
        await _download(self._visit, receipt_id)


class ReceiptPart:
    """One receipt on one open page.

    Args:
        visit: Who looks at it.
        receipt_id: Which.
    """

    def __init__(self, visit: Visit, receipt_id: str) -> None:
        self._visit, self._id = visit, receipt_id
        self._body = html(_BACK)

    async def show(self) -> None:
        """Show what it states."""
        find = self._visit.records.receipts.find
        receipt = await self._visit.do(lambda actor: find(actor, self._id))
        if not self._visit.is_over:
            self._body.set_content(told(receipt))

    async def download(self, _: str) -> None:
        """Hand it out."""
        await _download(self._visit, self._id)


async def _download(visit: Visit, receipt_id: str) -> None:
    find = visit.records.receipts.find
    receipt = await visit.do(lambda actor: find(actor, receipt_id))
    content = orjson.dumps(handed_out(receipt), option=orjson.OPT_INDENT_2)
    ui.download.content(content, f"receipt-{receipt.id}.json", "application/json")


def drawn(receipts: Sequence[Receipt]) -> str:
    """Return the list of receipts."""
    if not receipts:
        return "<p class='vo-empty'>Nobody was erased yet.</p>"
    rows = "".join(_row(receipt) for receipt in receipts)
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("Receipt", "Why", "Found after"))
    return (
        '<table class="vo-table"><caption class="vv-hidden">Receipts, the newest first</caption>'
        f"<thead><tr>{heads}<td></td></tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(receipt: Receipt) -> str:
    statement = _statement(receipt)
    name = f"{escape(receipt.kind.partition('.')[0].capitalize())}, {moment(receipt.at)}"
    download = act("download", "Download", receipt.id, f"receipt {receipt.id[:8]}")
    return (
        f'<tr><th scope="row"><a href="{RECEIPTS.path}?{RECEIPT}={receipt.id}">{name}</a></th>'
        f'<td data-label="Why">{escape(reason_name(str(statement.get("reason", ""))))}</td>'
        f'<td data-label="Found after">{_found(statement)}</td>'
        f'<td class="vo-do">{download}</td></tr>'
    )


def told(receipt: Receipt) -> str:
    """Return what a receipt states, in words."""
    statement = _statement(receipt)
    probe: Mapping[str, Any] = statement.get("probe", {})
    opened: Mapping[str, Any] = probe.get("sealed_values", {})
    rows = (
        ("Found afterwards", _found(statement)),
        ("Looked for in", ", ".join(_where(name) for name in probe.get("left", {}))),
        ("Sealed values", _opened(opened)),
        ("Removed", _removed(statement.get("destroyed", {}))),
        ("Why", escape(reason_name(str(statement.get("reason", ""))))),
        ("When", moment(receipt.at)),
        ("Who", f"<code>{escape(str(statement.get('subject_id', '')))}</code>"),
        ("Signed with", f"<code>{escape(str(receipt.body.get('public_key', '')))}</code>"),
    )
    shown = "".join(f"<div><dt>{name}</dt><dd>{said}</dd></div>" for name, said in rows if said)
    download = act("download", "Download", receipt.id, kind="vv-button vv-primary")
    return (
        f"{_BACK}<div class='vo-head'><h1>Receipt of an erasure</h1>{download}</div>"
        f'<dl class="vo-facts">{shown}</dl>'
    )


def _statement(receipt: Receipt) -> Mapping[str, Any]:
    statement: Mapping[str, Any] = receipt.body.get("statement", {})
    return statement


def _found(statement: Mapping[str, Any]) -> str:
    """Say what was found after the erasure."""
    probe: Mapping[str, Any] = statement.get("probe", {})
    if probe.get("clean"):
        return '<span class="vo-state" data-state="good">Nothing is left</span>'
    left = ", ".join(
        f"{_where(name)} ({number})" for name, number in probe.get("left", {}).items() if number
    )
    said = f"Something is left: {left}" if left else "Something is left"
    return f'<span class="vo-state" data-state="bad">{said}</span>'


def _opened(found: Mapping[str, Any]) -> str:
    tried, opened = int(found.get("tried", 0)), int(found.get("opened", 0))
    if not tried:
        return ""
    of = f"{count(tried, 'copy', 'copies')} read before the erasure"
    return f"{of}: {'none opens any more' if not opened else f'{opened} can still be opened'}"


def _removed(destroyed: Mapping[str, Any]) -> str:
    told = []
    for name, value in destroyed.items():
        number = sum(value.values()) if isinstance(value, Mapping) else int(value)
        if number and name != "file_uses":
            told.append(count(number, *_WORDS.get(name, (_where(name), _where(name)))))
    return ", ".join(told) or "nothing was kept"


def _where(name: str) -> str:
    return escape(name.replace("_", " "))
