"""The collector: takes lines from the stream and lets go of them once every sink has them.

Should it die in between, the lines come again, to it or to another one; sinks know them by their
id, so nothing is kept twice.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Collection, Sequence

import structlog

from visavis.core.errors import VisavisError
from visavis.core.log_lines import LogLine, read_line
from visavis.jobs.log_stream import MOST_AT_ONCE, Entry, Source

log = structlog.get_logger(__name__)

Keep = Callable[[Sequence[LogLine], Collection[str]], object]
"""Keeps lines; the second argument holds the ids of those that may have come before."""

WAIT_S = 0.5
"""Longest wait for the first line: whoever asks it to stop waits as long."""

GATHER_S = 0.25
"""Pause after a few lines, so that those that follow are kept together with others."""

_STOP_WITHIN_S = 5.0


class LogCollector:
    """Brings lines from a stream to where they are kept.

    Args:
        source: The stream.
        sinks: Where they are kept, each called with the same lines in this order.
        pause_s: How long to leave alone what did not answer.
    """

    def __init__(self, source: Source, sinks: Sequence[Keep], pause_s: float = 1.0) -> None:
        self._source, self._sinks, self._pause_s = source, tuple(sinks), pause_s
        self._held: Sequence[Entry] = ()
        self._in_doubt: Collection[str] = ()
        self._is_stuck = False

    def run(self, stop: threading.Event) -> None:
        """Collect until told to stop; then what is there already, for as long as all goes well."""
        while not stop.is_set():
            count = self._brought(WAIT_S)
            if count is None:
                stop.wait(self._pause_s)
            elif count < MOST_AT_ONCE:
                stop.wait(GATHER_S)
        until = time.monotonic() + _STOP_WITHIN_S
        while self._brought(0) and time.monotonic() < until:
            pass

    def _brought(self, wait_s: float) -> int | None:
        """Bring some lines all the way; None where something on the way does not answer."""
        try:
            self._held = self._held or self._source.take(wait_s)
            self._keep()
            self._source.done(self._held)
        except (VisavisError, OSError) as exc:
            self._in_doubt = {entry.id for entry in self._held}
            self._note_stuck(exc)
            return None
        except Exception as exc:  # noqa: BLE001  # it would come again, and hold up all others
            log.error("log_lines_lost", count=len(self._held), reason=type(exc).__name__)  # noqa: TRY400
            self._let_go()
        count = len(self._held)
        self._held, self._in_doubt, self._is_stuck = (), (), False
        return count

    def _keep(self) -> None:
        if not self._held:
            return
        lines = [read_line(entry.id, entry.text) for entry in self._held]
        doubtful = {entry.id for entry in self._held if entry.again or entry.id in self._in_doubt}
        for keep in self._sinks:
            keep(lines, doubtful)

    def _let_go(self) -> None:
        with contextlib.suppress(VisavisError):
            self._source.done(self._held)

    def _note_stuck(self, exc: Exception) -> None:
        if not self._is_stuck:
            log.warning("log_collector_stuck", reason=type(exc).__name__)
        self._is_stuck = True
