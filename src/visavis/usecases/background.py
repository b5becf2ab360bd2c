"""Work that nobody waits for: one thread, in order, each act on its own.

What is asked for here may be lost when the process is killed, so it is only for what people ask
for again, such as a letter with a code. What must not be lost is a row.
"""

import queue
import threading
from collections.abc import Callable

import structlog

from visavis.core.errors import Overloaded

log = structlog.get_logger(__name__)

MOST_WAITING = 1000
_STOP_WITHIN_S = 10.0

_Act = tuple[str, Callable[[], object]]


class Background:
    """Does things one after the other; safe to use from several threads. Close it at the end."""

    def __init__(self) -> None:
        self._acts: queue.Queue[_Act | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._work, name="background", daemon=True)
        self._started = False
        self._lock = threading.Lock()

    def do(self, what: str, act: Callable[[], object]) -> None:
        """Have something done soon; what it raises is logged.

        Args:
            what: Its name in the log.
            act: Does it.

        Raises:
            Overloaded: too much is waiting.
        """
        with self._lock:  # the thread starts with the first act: most processes need none
            if not self._started:
                self._thread.start()
                self._started = True
        try:
            self._acts.put_nowait((what, act))
        except queue.Full:
            raise Overloaded("too much is waiting to be done; try again in a moment") from None

    def flush(self) -> None:
        """Wait until all that was asked for so far is done."""
        if self._started:
            self._acts.join()

    def close(self) -> None:
        """Finish what is waiting, for a few seconds at most."""
        if self._started and self._thread.is_alive():
            self._acts.put(None)
            self._thread.join(_STOP_WITHIN_S)

    def _work(self) -> None:
        while (entry := self._acts.get()) is not None:
            _do(*entry)
            self._acts.task_done()
        self._acts.task_done()


def _do(what: str, act: Callable[[], object]) -> None:
    try:
        act()
    except Exception as exc:  # noqa: BLE001  # the next act must still be done
        # Only the kind: the words of a mail server may repeat an address.
        log.error("background_failed", what=what, reason=type(exc).__name__)  # noqa: TRY400
