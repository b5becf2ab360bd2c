"""Batches on the page of jobs: a card each, with a bar that moves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from nicegui import ui

from visavis.entry.web import jobs_markup as markup
from visavis.entry.web.elements import html
from visavis.store.kinds import ENDED
from visavis.usecases.jobs import BatchState

_LEAST_S = 2.0
"""Time after which it can be said how fast a batch goes."""


@dataclass(frozen=True, slots=True)
class _Begin:
    """How far a batch was when the page saw it first."""

    at: datetime
    ended: int


class _Card:
    """One batch."""

    def __init__(self, box: ui.element) -> None:
        with box, ui.element("li").classes("vj-batch") as self.item:
            self._head = html("").classes("vj-batch-head")
            with ui.element("div").classes("vj-bar").props("role=progressbar") as self._bar:
                self._done = ui.element("i")
            self._said = html("", "p").classes("vj-batch-said")
            self._ways = html("").classes("vj-ways")

    def show(
        self, batch: BatchState, left_s: float | None, *, may_write: bool, may_see: bool
    ) -> None:
        _set(self._head, markup.batch_head(batch))
        _set(self._said, markup.batch_said(batch, left_s))
        _set(self._ways, markup.batch_ways(batch, may_write=may_write, may_see=may_see))
        percent = round(100 * _ended(batch) / batch.total)
        self._done.style(f"width: {percent}%")
        label = f"{batch.total} pictures"
        self._bar.props(f'aria-valuenow={percent} aria-label="{label}"')


class Batches:
    """The batches that a page shows, until they are put away.

    Args:
        may_write: Whether who looks may cancel them.
        may_see: Whether they may see results.
    """

    def __init__(self, *, may_write: bool, may_see: bool) -> None:
        self._may = {"may_write": may_write, "may_see": may_see}
        self._box = ui.element("ul").classes("vj-batches").props('aria-label="Batches"')
        self._cards: dict[str, _Card] = {}
        self._begins: dict[str, _Begin] = {}
        self._away: set[str] = set()

    @property
    def shown(self) -> list[str]:
        """Ids of those that are on the page."""
        return list(self._cards)

    def put_away(self, batch_id: str) -> None:
        """Show a batch no longer."""
        if card := self._cards.pop(batch_id, None):
            self._away.add(batch_id)
            card.item.delete()

    def show(self, batches: Sequence[BatchState], now: datetime) -> None:
        """Show how far batches are."""
        kept = [batch for batch in batches if batch.batch_id not in self._away]
        for gone in self._cards.keys() - {batch.batch_id for batch in kept}:
            self._cards.pop(gone).item.delete()
        for batch in kept:
            if batch.batch_id not in self._cards:
                self._cards[batch.batch_id] = _Card(self._box)
            self._cards[batch.batch_id].show(batch, self._left_s(batch, now), **self._may)

    def _left_s(self, batch: BatchState, now: datetime) -> float | None:
        """Return how long a batch will take if it goes on as it did since it was first seen."""
        ended = _ended(batch)
        begin = self._begins.setdefault(batch.batch_id, _Begin(now, ended))
        passed_s, more = (now - begin.at).total_seconds(), ended - begin.ended
        if passed_s < _LEAST_S or more < 1:
            return None
        return passed_s / more * (batch.total - ended)


def _ended(batch: BatchState) -> int:
    return sum(batch.counts.get(state, 0) for state in ENDED)


def _set(element: ui.html, content: str) -> None:
    if element.content != content:
        element.set_content(content)
