"""The audit log: who did what and when, and whether anybody changed what is written there."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import orjson
from nicegui import ui

from visavis.credentials.roles import Permission
from visavis.entry.services import Records
from visavis.entry.web import privacy_audit_markup as markup
from visavis.entry.web import shell
from visavis.entry.web.elements import html
from visavis.entry.web.fields import act
from visavis.entry.web.lists import Listing
from visavis.entry.web.privacy_frame import AUDIT, PERSON, part
from visavis.entry.web.questions import acting
from visavis.entry.web.visitor import Visit
from visavis.store.audit import AuditEntry
from visavis.store.page import DEFAULT, MOST, Page
from visavis.usecases.actor import SYSTEM, Actor
from visavis.usecases.audit_trail import head_as_dict

_Item = TypeVar("_Item")

TITLE = "Audit log – Privacy – Visavis"

MOST_NAMED = 1000
"""Users and keys whose names are looked up; others are shown by their id."""

_HEAD = (
    '<div class="vo-head"><h1>Audit log</h1><span class="vv-actions">'
    f"{act('verify', 'Verify', kind='vv-button vv-primary')}"
    f"{act('head', 'Download the head', kind='vv-button')}</span></div>"
    "<p class='vo-lead'>Every entry is bound to the one before it: what is changed, removed or "
    "moved later shows. Keep the head elsewhere from time to time; it proves that nobody put back "
    "an older copy of the whole log.</p>"
)


def install(records: Records) -> None:
    """Register the part."""
    shell.install(records, AUDIT, TITLE, _build)


async def _build(visit: Visit, actor: Actor) -> None:
    person = ui.context.client.request.query_params.get(PERSON, "")
    with part(AUDIT, actor) as main:
        shown = AuditPart(visit, person)
    acting(main, visit, {"verify": shown.verify, "head": shown.download_head})
    await visit.handler(shown.show)()


class AuditPart:
    """The log on one open page.

    Args:
        visit: Who looks at it.
        person: Only what concerns them; empty = everything.
    """

    def __init__(self, visit: Visit, person: str) -> None:
        self._visit, self._trail = visit, visit.records.audit_trail
        self._person, self._names = person, {SYSTEM: "Visavis"}
        html(_HEAD)
        self._verdict = html("").props("role=status")
        html(markup.only(person))
        self._list = Listing(visit, self._read, self._draw)

    async def show(self) -> None:
        """Show the end of the log as it is now."""
        self._names |= await self._visit.do(self._read_names)
        await self._list.show()

    def _read(self, actor: Actor, cursor: str | None) -> Page[AuditEntry]:
        before = int(cursor) if cursor else None
        found = self._trail.page(actor, DEFAULT, before, self._person or None)
        return Page(found, str(found[-1].seq) if len(found) == DEFAULT else None)

    def _read_names(self, actor: Actor) -> dict[str, str]:
        """Return what users and keys are called, by their ids."""
        if not actor.may(Permission.USERS_READ):
            return {}
        records = self._visit.records
        users = _some(lambda cursor: records.users.page(actor, MOST, cursor))
        keys = _some(lambda cursor: records.api_keys.page(actor, MOST, cursor, everyone=True))
        named = {user.id: user.full_name or user.email for user in users}
        return named | {key.id: f"Key “{key.name}”" for key in keys}

    def _draw(self, entries: Sequence[AuditEntry]) -> str:
        return markup.drawn(entries, self._names)

    async def verify(self, _: str) -> None:
        """Read the whole log and say what is wrong with it."""
        self._verdict.set_content("<p class='vo-verdict'>Reading the whole log…</p>")
        found = await self._visit.do(lambda actor: (self._trail.verify(actor), self._end(actor)))
        if not self._visit.is_over:
            self._verdict.set_content(markup.verdict(*found))

    def _end(self, actor: Actor) -> int:
        return self._trail.head(actor).seq

    async def download_head(self, _: str) -> None:
        """Hand out where the log ends."""
        head = await self._visit.do(lambda actor: head_as_dict(self._trail.head(actor)))
        content = orjson.dumps(head, option=orjson.OPT_INDENT_2)
        ui.download.content(content, f"audit-head-{head['seq']}.json", "application/json")


def _some(read: Callable[[str | None], Page[_Item]]) -> Iterator[_Item]:
    """Yield the newest of a list, `MOST_NAMED` of them."""
    cursor = None
    for _ in range(MOST_NAMED // MOST):
        page = read(cursor)
        yield from page.items
        cursor = page.next
        if cursor is None:
            return
