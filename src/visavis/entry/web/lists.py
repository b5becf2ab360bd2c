"""Lists that are shown in parts: what is there, and a button for more."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from visavis.entry.web.elements import html
from visavis.entry.web.visitor import Visit
from visavis.store.page import DEFAULT, Page
from visavis.usecases.actor import Actor

_Item = TypeVar("_Item")

Read = Callable[[Actor, str | None], Page[_Item]]
"""Reads the part of a list that begins at a cursor; None = at its beginning."""

_MORE = '<button type="button" class="vv-button vo-more">Show more</button>'


class Listing(Generic[_Item]):
    """A list on one open page.

    Args:
        visit: Who looks at it.
        read: Reads a part of it.
        draw: Makes our own HTML of all that is shown.
    """

    def __init__(
        self, visit: Visit, read: Read[_Item], draw: Callable[[Sequence[_Item]], str]
    ) -> None:
        self._visit, self._read, self._draw = visit, read, draw
        self._next: str | None = None
        self.items: list[_Item] = []
        self._list = html("")
        self._further = html("")
        self._further.on("click", visit.handler(self._more), args=[])

    async def show(self) -> None:
        """Show how things are now, as many as were shown before."""
        wanted = max(len(self.items), DEFAULT)
        self.items, self._next = [], None
        while await self._add() and len(self.items) < wanted:
            pass
        self._show()

    async def _more(self) -> None:
        if self._next is not None:
            await self._add()
            self._show()

    async def _add(self) -> bool:
        """Read the next part; return whether there is another one."""
        begin = self._next
        page = await self._visit.do(lambda actor: self._read(actor, begin))
        self.items.extend(page.items)
        self._next = page.next
        return self._next is not None

    def _show(self) -> None:
        if not self._visit.is_over:
            self._list.set_content(self._draw(self.items))
            self._further.set_content(_MORE if self._next else "")
