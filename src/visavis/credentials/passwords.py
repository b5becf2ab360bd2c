"""Passwords: Argon2id with the parameters that OWASP asks for (19 MiB, 2 passes, 1 lane).

A password is hashed as NFKC of what was typed, so that it fits whichever keyboard wrote it. Each
hash takes 19 MiB, so only `AT_ONCE` of them run at the same time in one process.
"""

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import (
    HashingError,
    InvalidHashError,
    VerificationError,
    VerifyMismatchError,
)

from visavis.core.errors import Overloaded, Unavailable
from visavis.credentials.errors import WeakPassword
from visavis.credentials.weak_passwords import LONGEST, TOO_LONG, why_weak

log = structlog.get_logger(__name__)

MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1

AT_ONCE = 4
"""Hashes that run at the same time in one process: 76 MiB together."""

MOST_WAITING = 12
"""Those that come later are refused at once: each that waits keeps a thread from other requests."""

PATIENCE_S = 10.0
"""How long a hash may wait for its turn."""

DECOY = (
    f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}"
    "$ZGVjb3kgb2YgdmlzYXZpcw$sgLh6IJ0oZuwBQ9n0WGrAT8rOZ4kz1XWyU5hp1Jr7Kk"
)
"""Stands in for the hash of an account that is not there: as much work, and nothing fits it."""

_HASHER = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
_places = threading.BoundedSemaphore(AT_ONCE + MOST_WAITING)
_turns = threading.BoundedSemaphore(AT_ONCE)


def check_new_password(password: str, email: str, full_name: str, least: int) -> None:
    """Refuse a password that would be guessed soon.

    Args:
        password: As it was typed.
        email: Whose it will be; the password may not be little more than that.
        full_name: Likewise.
        least: Fewest characters.

    Raises:
        WeakPassword: the message says why and what to do.
    """
    if fault := why_weak(password, email, full_name, least):
        raise WeakPassword(fault)


def hash_password(password: str) -> str:
    """Return the hash to keep, with its salt and parameters in it.

    Raises:
        WeakPassword: it is longer than `LONGEST` characters.
        Overloaded: too many passwords are being checked.
        Unavailable: there is no memory for it.
    """
    if len(password) > LONGEST:
        raise WeakPassword(TOO_LONG)
    try:
        with _turn():
            return _HASHER.hash(_prepared(password))
    except HashingError as exc:
        raise Unavailable("the password cannot be hashed now; try again in a moment") from exc


def check_password(password: str, hashed: str | None) -> bool:
    """Return whether a password fits; as much work whether there is an account or not.

    Args:
        password: As it was typed.
        hashed: What `hash_password` gave; None or empty where there is no account or no password.

    Raises:
        Overloaded: too many passwords are being checked.
        Unavailable: there is no memory for it, or the hash is damaged.
    """
    possible = bool(hashed) and len(password) <= LONGEST
    try:
        with _turn():
            _HASHER.verify(hashed if hashed and possible else DECOY, _prepared(password[:LONGEST]))
    except VerifyMismatchError:
        return False
    except (VerificationError, InvalidHashError) as exc:
        log.error("password_not_checked", reason=type(exc).__name__)  # noqa: TRY400  # no trace
        raise Unavailable("the password cannot be checked now; try to reset it") from exc
    return possible


def needs_rehash(hashed: str) -> bool:
    """Return whether a hash that fitted was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(hashed)


def _prepared(password: str) -> bytes:
    """Return the bytes that are hashed; half a surrogate pair is odd but no reason to fail."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


@contextmanager
def _turn() -> Iterator[None]:
    """Wait for memory for one hash."""
    with _taken(_places, 0), _taken(_turns, PATIENCE_S):
        yield


@contextmanager
def _taken(semaphore: threading.Semaphore, patience_s: float) -> Iterator[None]:
    if not semaphore.acquire(timeout=patience_s):
        raise Overloaded("too many passwords are being checked; try again in a moment")
    try:
        yield
    finally:
        semaphore.release()
