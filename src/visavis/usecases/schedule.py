"""What is done again and again while the server runs: one thread, one act after the other.

Several processes may each have one: an act does only what is due, and doing it twice harms nobody.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

log = structlog.get_logger(__name__)

FIRST_AFTER = timedelta(seconds=10)
"""When the first round begins: a server that has just started has other things to do."""

_STOP_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Act:
    """Something to be done again and again.

    Attributes:
        name: What logs call it.
        every: Time from one end to the next begin.
        do: Does it; what it raises is logged.
    """

    name: str
    every: timedelta
    do: Callable[[], object]


class Schedule:
    """Does acts when they are due, until it is closed.

    Args:
        acts: What is done, in this order where several are due.
        first_after: How long after the start each is due for the first time.
    """

    def __init__(self, acts: Sequence[Act], first_after: timedelta = FIRST_AFTER) -> None:
        self._acts = tuple(acts)
        self._first_after = first_after
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="schedule", daemon=True)

    def start(self) -> None:
        """Begin; once only."""
        self._thread.start()

    def close(self) -> None:
        """Begin no further act, and wait a few seconds at most for the one that goes on."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_WITHIN_S)

    def _work(self) -> None:
        begun = time.monotonic()
        due = {act.name: begun + self._first_after.total_seconds() for act in self._acts}
        while due and not self._over.wait(max(0.0, min(due.values()) - time.monotonic())):
            for act in self._acts:
                if due[act.name] <= time.monotonic() and not self._over.is_set():
                    _do(act)
                    due[act.name] = time.monotonic() + act.every.total_seconds()


def _do(act: Act) -> None:
    try:
        act.do()
    except Exception as exc:  # noqa: BLE001  # the next act must still be done, and this one again
        # Only the kind: what went wrong may quote what it was about.
        log.error("scheduled_act_failed", act=act.name, reason=type(exc).__name__)  # noqa: TRY400
