"""Limits as the settings write them: `10 per minute; 50 per hour`."""

import re

from limits import RateLimitItem, parse_many

from visavis.core.errors import InvalidSettings

MOST_TIMES = 100_000
LONGEST_S = 31 * 24 * 3600
"""Each time is remembered until its window ends; beyond these that is too much to remember."""


def read_limits(setting: str, text: str) -> tuple[RateLimitItem, ...]:
    """Return the limits of one setting, the one with the shortest window first.

    Args:
        setting: Its name, for the message.
        text: As it was set.

    Raises:
        InvalidSettings: it cannot be understood, or allows nothing, or too much to count.
    """
    try:
        limits = parse_many(text)
    except ValueError as exc:
        raise _mistaken(setting, text) from exc
    zero = any(int(number) == 0 for number in re.findall("[0-9]+", text))
    sane = all(one.amount <= MOST_TIMES and one.get_expiry() <= LONGEST_S for one in limits)
    if zero or not sane:
        raise _mistaken(setting, text)
    return tuple(sorted(limits, key=lambda one: one.get_expiry()))


def _mistaken(setting: str, text: str) -> InvalidSettings:
    return InvalidSettings(
        f"{setting} = {text[:80]!r} is no limit: write it like '5 per minute; 50 per hour', with "
        f"1 to {MOST_TIMES} times in up to 31 days"
    )
