"""What tests of the log stream share: lines, and a Redis of our own."""

import json
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.mail.smtp_running import free_port
from tests.throttle.redis_running import own_redis
from visavis.core.log_lines import LogLine

LONGEST_S = 60
"""Longest that a test waits for something that must come."""


def line(number: int, **fields: object) -> str:
    """Return a line as a process writes it."""
    told = {"event": f"event {number}", "level": "info", "service": "worker", "n": number}
    return json.dumps(told | fields)


class Kept:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.lines: list[LogLine] = []
        self.doubtful: set[str] = set()
        self._some = threading.Condition()

    def keep(self, lines: Sequence[LogLine], doubtful: Collection[str]) -> None:
        with self._some:
            self.lines += lines
            self.doubtful |= set(doubtful)
            self._some.notify_all()

    def wait_for(self, count: int) -> list[int]:
        """Return the numbers of the lines once there are so many, each line once."""
        with self._some:
            assert self._some.wait_for(lambda: len(numbers(self.lines)) >= count, LONGEST_S)
            return numbers(self.lines)


@contextmanager
def running(run: Callable[[threading.Event], None]) -> Iterator[threading.Event]:
    """Run something in a thread until the block ends."""
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(stop,))
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(LONGEST_S)
        assert not thread.is_alive()


@contextmanager
def some_redis(folder: Path, port: int = 0) -> Iterator[tuple[str, "redis.Redis"]]:
    """Run a Redis that can be ended; give its address and a client."""
    port = port or free_port()
    with own_redis(port, folder), redis.Redis(port=port) as client:
        yield f"redis://127.0.0.1:{port}", client


def numbers(lines: Sequence[LogLine]) -> list[int]:
    """Return the numbers of lines, each line once."""
    return [int(each.fields["n"]) for each in {each.id: each for each in lines}.values()]
