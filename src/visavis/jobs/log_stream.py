"""The log as a stream: lines wait in memory, and whoever collects them takes some at a time.

Logging must never hold up or break the work, so what waits is limited: lines that find no room are
counted and dropped. On one machine the collector of the same process takes them; with several
processes `log_stream_redis` carries them to wherever one runs.
"""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from visavis.core.log_lines import LineIds

log = structlog.get_logger(__name__)

MOST_WAITING = 10_000
"""Lines that wait at most; with the longest ones that is about 150 MiB, with usual ones 3 MiB."""

MOST_AT_ONCE = 500
"""Lines that are taken together."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line on its way.

    Attributes:
        id: Of the line.
        text: One JSON object.
        place: Where it is in what carries it; empty = nowhere any more.
        again: Whether somebody may have had it before.
    """

    id: str
    text: str
    place: str = ""
    again: bool = False


class Source(Protocol):
    """Where a collector takes lines from."""

    def take(self, wait_s: float) -> Sequence[Entry]:
        """Return lines that nobody has taken; wait for the first one, so long at most."""

    def done(self, entries: Sequence[Entry]) -> None:
        """Let go of lines that are kept elsewhere now."""


class Waiting:
    """The lines of this process that wait; threads may share it."""

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._ids = LineIds()
        self._entries: deque[Entry] = deque()
        self._some = threading.Condition()
        self._dropped = 0

    def put(self, text: str) -> None:
        """Lay down a line, or drop it where there is no room; never waits for anything slow."""
        with self._some:
            if len(self._entries) >= self._most:
                self._dropped += 1
                return
            self._entries.append(Entry(self._ids.new(), text))
            self._some.notify()

    def take(self, wait_s: float) -> Sequence[Entry]:
        """Return lines, the oldest first; wait for the first one, so long at most."""
        with self._some:
            self._some.wait_for(lambda: bool(self._entries), wait_s)
            count = min(len(self._entries), MOST_AT_ONCE)
            taken = [self._entries.popleft() for _ in range(count)]
            dropped, self._dropped = self._dropped, 0
        if dropped:
            log.warning("log_lines_dropped", count=dropped)
        return taken

    def done(self, entries: Sequence[Entry]) -> None:
        """Nothing is left to be done: they are gone from here since they were taken."""
