"""What all exports share: entries of the audit log, and parts of rows."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from visavis.store.audit import AuditEntry
from visavis.store.page import MOST, Page
from visavis.store.work import Store
from visavis.usecases.export_archive import as_json


def named(source: object, *names: str) -> dict[str, Any]:
    """Return some attributes by name."""
    return {name: getattr(source, name) for name in names}


def audit_entries(
    store: Store,
    tenant_id: str,
    subject_id: str | None = None,
    actors: Collection[str] | None = None,
) -> Iterator[bytes]:
    """Yield JSON of entries of the audit log, newest first, some at a time."""
    yield b'{"entries": ['
    before, comma = None, b""
    while True:
        with store.reading() as work:
            some = work.audit.latest(tenant_id, MOST, before, subject_id, actors)
        for entry in some:
            yield comma + as_json(_entry(entry))
            comma = b","
        if len(some) < MOST:
            break
        before = some[-1].seq
    yield b"]}"


def _entry(entry: AuditEntry) -> dict[str, Any]:
    return {
        **named(entry, "seq", "at", "action", "actor", "subject_id"),
        "details": dict(entry.details),
    }


def all_of(fetch: Callable[[str | None], Page[Any]]) -> list[Any]:
    """Return a whole list, read within the unit."""
    found: list[Any] = []
    cursor = None
    while True:
        page = fetch(cursor)
        found += page.items
        if page.next is None:
            return found
        cursor = page.next
