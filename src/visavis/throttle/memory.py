"""A moving window in this process's memory, for the strategies of `limits`.

The library's own memory runs through all keys every 10 ms in a thread, and never forgets a key;
here a key costs nothing while nobody asks for it, and the longest unused ones are forgotten.
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from limits.storage import MemoryStorage

MOST_KEYS = 50_000
"""Keys that are remembered; whoever has so many addresses is not stopped by counting them."""


class WindowMemory(MemoryStorage):
    """Remembers when each key was used; safe to use from several threads.

    Args:
        clock: Tells the time, seconds since 1970.
        most_keys: How many keys are remembered.
    """

    def __init__(self, clock: Callable[[], float] = time.time, most_keys: int = MOST_KEYS) -> None:
        super().__init__()
        self._clock = clock
        self._most_keys = most_keys
        self._times: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Note `amount` uses now, unless more than `limit` would lie within `expiry` seconds."""
        now = self._clock()
        with self._lock:
            times = self._used(key, now - expiry)
            if len(times) + amount > limit:
                return False
            times.extend([now] * amount)
            return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:  # noqa: ARG002
        """Return when the oldest use within `expiry` seconds was, and how many there are."""
        now = self._clock()
        with self._lock:
            times = self._used(key, now - expiry)
            return (times[0], len(times)) if times else (now, 0)

    def _used(self, key: str, since: float) -> deque[float]:
        """Return the uses of a key since then; the caller holds the lock."""
        times = self._times.setdefault(key, deque())
        self._times.move_to_end(key)
        while times and times[0] < since:
            times.popleft()
        while len(self._times) > self._most_keys:
            self._times.popitem(last=False)
        return times
