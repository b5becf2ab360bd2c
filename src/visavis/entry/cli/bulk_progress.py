"""How bulk work looks on stderr: a bar on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Iterable, Iterator
from datetime import timedelta

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from visavis.entry.cli.console import say, stderr
from visavis.usecases.bulk import PartDone

STEPS = 20
"""Plain lines a run gets."""

_SPEED_S = 300
"""Length of the past that the rate of the bar is taken from: parts end seldom."""


class _Rate(ProgressColumn):
    """Shows pictures a second."""

    def render(self, task: Task) -> Text:
        """Return the rate, or nothing before there is one."""
        return Text("" if task.speed is None else f"{task.speed:.1f} pictures/s")


def shown(
    parts: Iterable[PartDone], before: int, total: int, *, quiet: bool = False
) -> Iterator[PartDone]:
    """Pass `parts` on and show how far they are.

    Args:
        parts: What came of each part.
        before: Pictures that were done by an earlier run.
        total: Pictures of all parts.
        quiet: Show nothing.
    """
    console = stderr()
    if quiet:
        yield from parts
        return
    if not console.is_terminal:
        yield from _lines(parts, before, total)
        return
    shape = (TextColumn("analysing"), BarColumn(), MofNCompleteColumn(), _Rate())
    with Progress(
        *shape,
        TimeRemainingColumn(),
        console=console,
        transient=True,
        speed_estimate_period=_SPEED_S,
    ) as bar:
        task = bar.add_task("", total=total, completed=before)
        for done in parts:
            bar.advance(task, done.seen)
            yield done


def _lines(parts: Iterable[PartDone], before: int, total: int) -> Iterator[PartDone]:
    """Say how far it is whenever another step is done."""
    started, seen, told = time.monotonic(), 0, before * STEPS // max(total, 1)
    for done in parts:
        seen += done.seen
        step = (before + seen) * STEPS // max(total, 1)
        if told < step < STEPS:
            told = step
            say(_line(before + seen, total, seen / (time.monotonic() - started)))
        yield done


def _line(done: int, total: int, rate: float) -> str:
    """Return `1,000 of 20,000 pictures, 41.3 a second, 0:07:40 left`."""
    left = timedelta(seconds=round((total - done) / rate))
    return f"{done:,} of {total:,} pictures, {rate:.1f} a second, {left} left"
