"""Keyed hashes for secrets that are too short for a bare one.

Whoever reads the hash of a 6-digit code finds the code in a millisecond. Under a key that does not
lie in the database (the pepper, from the vault) the hash says nothing, and the owner's id in it
keeps a hash from being moved to another row.
"""

import hashlib
import hmac

from visavis.core.errors import InvalidSettings

LEAST_PEPPER_BYTES = 16


def keyed_hash(pepper: bytes, purpose: str, owner_id: str, secret: str) -> str:
    """Return HMAC-SHA256 of a short secret, hexadecimal.

    Args:
        pepper: The key, at least 16 random bytes; not kept where the hashes are.
        purpose: What the secret is for; the same secret has another hash for another purpose.
        owner_id: Id of the row or the user it belongs to.
        secret: As `hash` and `check` agreed to write it.

    Raises:
        InvalidSettings: the pepper is too short.
    """
    if len(pepper) < LEAST_PEPPER_BYTES:
        raise InvalidSettings(
            f"the pepper of codes has {len(pepper)} bytes; use at least {LEAST_PEPPER_BYTES}"
        )
    parts = (purpose.encode(), owner_id.encode(), secret.encode("utf-8", "surrogatepass"))
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.digest(pepper, message, hashlib.sha256).hex()


def same(one: str, other: str) -> bool:
    """Compare two hashes in a time that does not tell how alike they are."""
    return hmac.compare_digest(*(text.encode("utf-8", "surrogatepass") for text in (one, other)))
