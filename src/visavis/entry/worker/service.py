"""Does jobs until the process is told to stop, then finishes those that were begun."""

import signal
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from visavis.usecases.job_work import JobWork


def work(
    job_work: JobWork,
    queues: Collection[str],
    beside: Callable[[threading.Event], None] | None = None,
    begun: Callable[[], None] = lambda: None,
) -> None:
    """Do jobs of some queues until SIGINT or SIGTERM.

    Args:
        job_work: Does them.
        queues: Which; empty = none, only what goes on beside.
        beside: Goes on in a thread of its own until its event is set.
        begun: Called once work can be taken.
    """
    over = threading.Event()
    with _stopped_by_signals(over), _beside(beside, over):
        if not queues:
            begun()
            over.wait()
            return
        with job_work.going_on(queues):
            begun()
            over.wait()


@contextmanager
def _stopped_by_signals(over: threading.Event) -> Iterator[None]:
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: over.set()) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _beside(act: Callable[[threading.Event], None] | None, over: threading.Event) -> Iterator[None]:
    if act is None:
        yield
        return
    thread = threading.Thread(target=act, args=(over,), name="beside", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
