"""Codes of 6 digits that come by mail: made, hashed, checked, and how long and how often they work.

The rules are pure functions of the settings, the row and the time; whoever keeps the row counts a
try before it looks at the code, so that two tries at once count as two.
"""

import math
import secrets
import unicodedata
from datetime import datetime, timedelta

from visavis.core.settings import AccountOptions
from visavis.credentials.peppers import keyed_hash, same

DIGITS = 6
LONGEST_TYPED = 32
"""Characters of what was typed that are looked at: 6 digits with blanks and dashes between them."""

_PURPOSE = "one-time code"


def new_code() -> str:
    """Return 6 random digits."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def hash_code(code: str, row_id: str, pepper: bytes) -> str:
    """Return what is kept of a code.

    Args:
        code: As `new_code` gave it.
        row_id: Id of the row it is kept in.
        pepper: Key from outside the database, at least 16 bytes.
    """
    return keyed_hash(pepper, _PURPOSE, row_id, code)


def check_code(typed: str, hashed: str, row_id: str, pepper: bytes) -> bool:
    """Return whether the code typed is the one kept; blanks and dashes in it do not matter."""
    return same(keyed_hash(pepper, _PURPOSE, row_id, digits_of(typed)), hashed)


def digits_of(typed: str) -> str:
    """Return what was typed as plain digits; other signs than blanks and dashes stay wrong."""
    text = unicodedata.normalize("NFKC", typed[:LONGEST_TYPED])
    return "".join(sign for sign in text if not (sign.isspace() or sign in "-‐‑–"))


def is_live(options: AccountOptions, sent_at: datetime, tries: int, now: datetime) -> bool:
    """Return whether a code may still be tried.

    Args:
        options: The group `accounts` of the settings.
        sent_at: When it was sent.
        tries: How often it was tried before.
        now: The time, aware.
    """
    age = now - sent_at
    return age < timedelta(minutes=options.code_minutes) and tries < options.code_attempts


def seconds_to_wait(options: AccountOptions, last_sent_at: datetime | None, now: datetime) -> int:
    """Return how long until another code may be sent, seconds; 0 = it may be sent now.

    Never more than the cool-down, even where a clock was set back.
    """
    if last_sent_at is None:
        return 0
    left = (last_sent_at - now).total_seconds() + options.code_cooldown_s
    return min(options.code_cooldown_s, max(0, math.ceil(left)))
