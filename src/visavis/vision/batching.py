"""Batching: requests meet in front of a few workers, which take what has arrived.

    submit ──► bounded queue ──► worker 1 … worker n ──► futures

A worker takes whole items, up to `max_items` at once but never more than its fair share of what is
waiting, so that no worker idles while another hoards. The queue refuses what it cannot hold; an
item past its deadline is answered without work; an item that fails fails alone.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import structlog

from visavis.core.errors import DeadlineExceeded, Overloaded, Unavailable
from visavis.core.settings import BatchOptions

Item = TypeVar("Item")
Result = TypeVar("Result")

NO_WORKERS = "all workers have died; restart the service"

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Waiting(Generic[Item, Result]):
    item: Item
    expires_at: float
    future: "Future[Result]" = field(default_factory=Future)


class Batcher(Generic[Item, Result]):
    """Runs `work` on items from many threads, in batches by arrival.

    Args:
        work: Takes a list of items and returns, in order, a result or an exception for each.
        workers: Threads that run `work`.
        options: Queue size, batch size, deadline.
    """

    def __init__(
        self,
        work: Callable[[list[Item]], list[Result | Exception]],
        workers: int,
        options: BatchOptions,
    ) -> None:
        self._work = work
        self._options = options
        self._queue: deque[_Waiting[Item, Result]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._living = workers
        self._threads = [
            threading.Thread(target=self._serve, name=f"batch-{i}", daemon=True)
            for i in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, item: Item, *, wait: bool = False) -> "Future[Result]":
        """Queue one item and return its future.

        Args:
            item: What `work` shall see.
            wait: Block while the queue is full, instead of refusing; for batches, not requests.

        Raises:
            Overloaded: the queue is full.
            Unavailable: the batcher is closed or all its workers died.
        """
        with self._changed:
            self._refuse_if_stopped()
            if wait:
                self._changed.wait_for(lambda: self._stopped() or not self._full())
                self._refuse_if_stopped()
            elif self._full():
                raise Overloaded(f"{len(self._queue)} pictures are waiting; try again in a moment")
            waiting = _Waiting[Item, Result](item, time.monotonic() + self._options.deadline_s)
            self._queue.append(waiting)
            self._changed.notify_all()
        return waiting.future

    def waiting(self) -> int:
        """Return how many items wait for a worker."""
        return len(self._queue)

    def alive(self) -> tuple[int, int]:
        """Return how many workers live, and how many there should be."""
        return self._living, len(self._threads)

    def close(self) -> None:
        """Finish what is being worked on, refuse what waits, and stop the workers."""
        with self._changed:
            self._closed = True
            self._refuse_waiting("the service is stopping; send it again")
        for thread in self._threads:
            thread.join()

    def _full(self) -> bool:
        return len(self._queue) >= self._options.queue_size

    def _stopped(self) -> bool:
        return self._closed or not self._living

    def _refuse_if_stopped(self) -> None:
        if self._closed:
            raise Unavailable("the service is stopping; send it again")
        if not self._living:
            raise Unavailable(NO_WORKERS)

    def _refuse_waiting(self, reason: str) -> None:
        """Answer everything that waits; the caller holds the lock."""
        while self._queue:
            future = self._queue.popleft().future
            if future.set_running_or_notify_cancel():
                future.set_exception(Unavailable(reason))
        self._changed.notify_all()

    def _serve(self) -> None:
        try:
            while batch := self._take():
                self._run(batch)
        finally:
            with self._changed:
                self._living -= 1
                if not self._living:
                    self._refuse_waiting(NO_WORKERS)

    def _take(self) -> list[_Waiting[Item, Result]]:
        """Return the next batch, or nothing when closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed)
            share = -(-len(self._queue) // len(self._threads))
            count = min(share, self._options.max_items)
            batch = [self._queue.popleft() for _ in range(count)]
            self._changed.notify_all()
        return batch

    def _run(self, batch: list[_Waiting[Item, Result]]) -> None:
        due = [waiting for waiting in batch if self._still_wanted(waiting)]
        if not due:
            return
        try:
            results = self._attempt([waiting.item for waiting in due])
        except BaseException:
            for waiting in due:
                waiting.future.set_exception(Unavailable("a worker died; restart the service"))
            raise
        for waiting, result in zip(due, results, strict=True):
            if isinstance(result, Exception):
                waiting.future.set_exception(result)
            else:
                waiting.future.set_result(result)

    def _still_wanted(self, waiting: _Waiting[Item, Result]) -> bool:
        if not waiting.future.set_running_or_notify_cancel():
            return False
        if time.monotonic() < waiting.expires_at:
            return True
        late = f"waited longer than {self._options.deadline_s:g} s; send fewer at once"
        waiting.future.set_exception(DeadlineExceeded(late))
        return False

    def _attempt(self, items: list[Item]) -> list[Result | Exception]:
        """Run the batch; when it fails as a whole, run each alone to find the one at fault."""
        try:
            return self._work(items)
        except Exception as exc:  # noqa: BLE001  the fault belongs to the item, not to the worker
            if len(items) == 1:
                log.warning("item_failed", error=type(exc).__name__)
                return [exc]
        return [result for item in items for result in self._attempt([item])]
