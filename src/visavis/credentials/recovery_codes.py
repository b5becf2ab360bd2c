"""Recovery codes: for whoever lost the phone with the authenticator; each works once.

Ten codes of 50 bits, written `k7m2q-x9d4t` without letters that look like digits. 50 bits can be
tried out where a bare hash was read, so they are hashed under a pepper and their owner's id.
"""

import secrets
from collections.abc import Collection

from visavis.credentials.peppers import keyed_hash, same

HOW_MANY = 10
LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's alphabet: 5 bits a letter."""

_LENGTH = 10
_GROUP = 5
_LONGEST_TYPED = 40
_PURPOSE = "recovery code"
_MEANT = str.maketrans("oil", "011")


def new_recovery_codes() -> tuple[str, ...]:
    """Return ten new codes, to be shown once."""
    return tuple(_new_code() for _ in range(HOW_MANY))


def hash_recovery_code(code: str, user_id: str, pepper: bytes) -> str:
    """Return what is kept of a code.

    Args:
        code: As shown, or as typed.
        user_id: Whose it is.
        pepper: Key from outside the database, at least 16 bytes.
    """
    return keyed_hash(pepper, _PURPOSE, user_id, _plain(code))


def find_recovery_code(
    typed: str, hashes: Collection[str], user_id: str, pepper: bytes
) -> str | None:
    """Return which of the kept hashes fits what was typed, None where none does.

    Whoever keeps them removes that one in the same step, so that it works once. All are compared:
    how long it takes does not tell which one was near.
    """
    wanted = hash_recovery_code(typed, user_id, pepper)
    found = [kept for kept in hashes if same(kept, wanted)]
    return found[0] if found else None


def _new_code() -> str:
    letters = "".join(secrets.choice(LETTERS) for _ in range(_LENGTH))
    return f"{letters[:_GROUP]}-{letters[_GROUP:]}"


def _plain(code: str) -> str:
    """Return it as one word in small letters, with digits for the letters that look like them."""
    return "".join(filter(str.isalnum, code[:_LONGEST_TYPED])).lower().translate(_MEANT)
