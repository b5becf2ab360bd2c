"""Account lock-out with back-off, a pure rule: who guesses waits, who mistypes does not notice.

Five failed log-ins in a row are free. Each one after them locks the account, for 30 s at first and
twice as long each time, up to an hour. A success clears it.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

FREE = 5
FIRST_LOCK_S = 30
LONGEST_LOCK_S = 3600


@dataclass(frozen=True, slots=True)
class LockOut:
    """What is remembered of an account; the empty one is also what a success leaves.

    Attributes:
        failures: Failed log-ins since the last success.
        locked_until: When the next one may be tried; None when at once.
    """

    failures: int = 0
    locked_until: datetime | None = None

    def wait_s(self, now: datetime) -> int:
        """Return how long nobody may log in, seconds; 0 = now.

        While it is not 0 the password is not looked at at all: neither right nor wrong ones count.
        Never more than an hour, even where a clock was set back.
        """
        if self.locked_until is None:
            return 0
        left = math.ceil((self.locked_until - now).total_seconds())
        return min(LONGEST_LOCK_S, max(0, left))

    def after_failure(self, now: datetime) -> "LockOut":
        """Return what is remembered after one more failed log-in; while locked nothing changes."""
        if self.wait_s(now):
            return self
        failures = self.failures + 1
        seconds = lock_seconds(failures)
        return LockOut(failures, now + timedelta(seconds=seconds) if seconds else None)


CLEAR = LockOut()
"""After a success."""


def lock_seconds(failures: int) -> int:
    """Return for how long the last of so many failed log-ins in a row locks, seconds."""
    if failures <= FREE:
        return 0
    doublings = min(failures - FREE - 1, LONGEST_LOCK_S.bit_length())
    return min(LONGEST_LOCK_S, FIRST_LOCK_S << doublings)
