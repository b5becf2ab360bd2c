"""Whole lists, read in parts: no unit stays open while somebody works on what was read."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from visavis.store.page import MOST, Page
from visavis.store.tenants import Tenant
from visavis.store.work import Store, Work

_Item = TypeVar("_Item")


def pages(store: Store, fetch: Callable[[Work, str | None], Page[_Item]]) -> Iterator[Page[_Item]]:
    """Yield a list in parts.

    Args:
        store: Holds it.
        fetch: Reads the part that begins at a cursor; None = the first.
    """
    cursor = None
    while True:
        with store.reading() as work:
            page = fetch(work, cursor)
        yield page
        if page.next is None:
            return
        cursor = page.next


def tenants(store: Store) -> Iterator[Tenant]:
    """Yield all tenants that are here."""
    for page in pages(store, lambda work, cursor: work.tenants.page(MOST, cursor)):
        yield from page.items
