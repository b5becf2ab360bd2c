"""How a pull of weights looks: a bar on a terminal, plain lines elsewhere; stderr only."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from visavis.entry.cli.console import say, stderr

if TYPE_CHECKING:
    from visavis.core.settings import Settings
    from visavis.vision.weights.progress import Progress as PullProgress

_MIB = 1024 * 1024
_STEPS = 4
"""Plain lines a download gets: at every quarter."""


@contextmanager
def pull_progress() -> "Iterator[PullProgress]":
    """Yield what tells the person on stderr how a pull goes."""
    console = stderr()
    if not console.is_terminal:
        yield PlainLines()
        return
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(TextColumn("{task.description}"), *columns, console=console) as bars:
        yield Bars(bars)


def ensure_pack(settings: "Settings") -> None:
    """Fetch what the settings' pack still lacks and say so; without a word where it is complete.

    Raises:
        WeightsError: a weight cannot be had, or may not be used.
    """
    from visavis.vision.weights.catalog import find_pack
    from visavis.vision.weights.shelf import WeightShelf

    quiet = WeightShelf(settings.cache)
    missing = [name for name in find_pack(settings.pack).weights if quiet.path(name) is None]
    if missing:
        with pull_progress() as progress:
            shelf = WeightShelf(settings.cache, progress=progress)
            for name in missing:
                shelf.ensure(name)


class PlainLines:
    """Tells every step, and every quarter of a download, in a line of its own."""

    def __init__(self) -> None:
        self._told: dict[str, int] = {}

    def say(self, message: str) -> None:
        """Write the message."""
        say(message)

    def track(self, what: str, done: int, total: int | None) -> None:
        """Write a line when another quarter is done."""
        step = done * _STEPS // total if total else 0
        if total and step > self._told.get(what, 0):
            self._told[what] = step
            say(f"{what}: {100 * done // total} % of {total / _MIB:.1f} MiB")


class Bars:
    """Shows one bar a download."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def say(self, message: str) -> None:
        """Write the message above the bars."""
        self._bars.console.print(message, markup=False, highlight=False)

    def track(self, what: str, done: int, total: int | None) -> None:
        """Move the bar."""
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=total)
        self._bars.update(self._tasks[what], completed=done, total=total)
