"""How often something may be tried, by one address, account, key or mailbox.

Counted in Redis where it is set, for all processes together. While Redis does not answer each
process counts for itself: nobody is let through uncounted and nobody is kept out for that.
"""

import math
import threading
import time
from collections.abc import Callable, Mapping
from enum import StrEnum

import structlog
from limits import RateLimitItem
from limits.storage import Storage
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from visavis.core.settings import ThrottleOptions
from visavis.throttle.counted import hidden
from visavis.throttle.errors import TooManyRequests
from visavis.throttle.limit_texts import read_limits
from visavis.throttle.memory import WindowMemory
from visavis.throttle.redis_storage import open_redis

log = structlog.get_logger(__name__)

ASK_AGAIN_S = 5.0
"""After Redis failed it is left alone for so long: no request waits for a server that is down."""

LOG_EVERY_S = 60.0


class Kind(StrEnum):
    """What is counted; each has its setting of the same name."""

    PER_ADDRESS = "per_address"
    PER_KEY = "per_key"
    LOGIN = "login"
    MAIL = "mail"


class Throttle:
    """Counts and refuses; safe to use from several threads.

    Args:
        options: The group `throttle` of the settings.
        pepper: Key under which the names of those who are counted are hashed; the same in all
            processes.
        clock: Tells the time, seconds since 1970.

    Raises:
        InvalidSettings: a limit or the address of Redis cannot be understood; nothing was
            contacted yet.
    """

    def __init__(
        self,
        options: ThrottleOptions,
        *,
        pepper: bytes = b"",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._limits: Mapping[Kind, tuple[RateLimitItem, ...]] = {
            kind: read_limits(f"VISAVIS_THROTTLE__{kind.name}", getattr(options, kind.value))
            for kind in Kind
        }
        self._pepper = pepper
        self._clock = clock
        self._here = MovingWindowRateLimiter(WindowMemory(clock))
        redis = open_redis(options.url) if options.url else None
        self._shared = _Shared(redis, clock) if redis else None

    @property
    def waits(self) -> bool:
        """Whether a check may wait for a server."""
        return self._shared is not None

    def check(self, kind: Kind, key: str) -> None:
        """Count one try, unless there were too many; those that are refused do not count.

        Args:
            kind: Which limit.
            key: Who tries: a network address (IPv6 ones count by /64), an e-mail address in its
                comparable spelling, an id.

        Raises:
            TooManyRequests: it may be tried again after `retry_after_s` seconds.
        """
        self._ask(kind, key, counts=True)

    def expect(self, kind: Kind, key: str) -> None:
        """Refuse what `check` would refuse now, without counting a try; arguments as there.

        Raises:
            TooManyRequests: it may be tried again after `retry_after_s` seconds.
        """
        self._ask(kind, key, counts=False)

    def _ask(self, kind: Kind, key: str, *, counts: bool) -> None:
        name, limits = hidden(self._pepper, kind.value, key), self._limits[kind]
        wait_s = self._shared.wait_s(limits, name, counts=counts) if self._shared else None
        if wait_s is None:
            wait_s = _wait_s(self._here, limits, name, self._clock, counts=counts)
        if wait_s:
            raise TooManyRequests(wait_s)


class _Shared:
    """Counts in Redis as long as that answers."""

    def __init__(self, storage: Storage, clock: Callable[[], float]) -> None:
        self._limiter = MovingWindowRateLimiter(storage)
        self._clock = clock
        self._lock = threading.Lock()
        self._failed_at = -math.inf
        self._logged_at = -math.inf

    def wait_s(self, limits: tuple[RateLimitItem, ...], name: str, *, counts: bool) -> int | None:
        """Return how long to wait, 0 = not at all; None where Redis does not answer."""
        if self._within(ASK_AGAIN_S, self._failed_at):
            return None
        try:
            return _wait_s(self._limiter, limits, name, self._clock, counts=counts)
        except (RedisError, OSError, ValueError) as exc:  # ValueError: a host that is no name
            self._failed(exc)
            return None

    def _failed(self, error: Exception) -> None:
        """Leave Redis alone for a while; say so once a minute, without its words."""
        with self._lock:
            self._failed_at = self._clock()
            due = not self._within(LOG_EVERY_S, self._logged_at)
            if due:
                self._logged_at = self._failed_at
        if due:
            log.warning("throttle_counts_in_memory", reason=type(error).__name__)

    def _within(self, seconds: float, since: float) -> bool:
        """Return whether it is less than so long ago; a clock that was set back does not count."""
        return 0 <= self._clock() - since < seconds


def _wait_s(
    limiter: MovingWindowRateLimiter,
    limits: tuple[RateLimitItem, ...],
    name: str,
    clock: Callable[[], float],
    *,
    counts: bool,
) -> int:
    """Count one try, or look at it only, and return 0, or how long to wait, seconds.

    The shortest window is asked first: who knocks on without a pause is refused there and does not
    use up the longer ones.
    """
    ask = limiter.hit if counts else limiter.test
    for limit in limits:
        if not ask(limit, name):
            free_at = limiter.get_window_stats(limit, name).reset_time
            return min(limit.get_expiry(), max(1, math.ceil(free_at - clock())))
    return 0
