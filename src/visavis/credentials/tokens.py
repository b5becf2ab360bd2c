"""Opaque secrets: API keys, refresh tokens and the secrets of links.

A secret looks like `vv_` + 43 characters + 8 hexadecimal digits: a prefix by which scanners find it
where it leaked, 256 random bits in the URL-safe base64 alphabet, and a CRC-32 of both. The checksum
protects nothing; it tells a typing error from a wrong key without a look into the database.
"""

import hashlib
import re
import secrets
import zlib

API_KEY = "vv_"
REFRESH = "vvr_"
LINK = "vvl_"

RANDOM_BYTES = 32
_BODY = re.compile(r"[A-Za-z0-9_-]{43}[0-9a-f]{8}")
_PREFIX = re.compile(r"[a-z][a-z0-9_]{0,14}_")


def new_secret(prefix: str = API_KEY) -> str:
    """Return a new secret of 256 random bits.

    Args:
        prefix: What it is for: `API_KEY`, `REFRESH`, `LINK`, or another that ends with `_`.
    """
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(f"{prefix!r} is no prefix: use up to 15 of a-z, 0-9, _ and then a _")
    start = prefix + secrets.token_urlsafe(RANDOM_BYTES)
    return start + _checksum(start)


def hash_secret(secret: str) -> str:
    """Return the SHA-256 of a secret, hexadecimal: what is kept and looked up in its place.

    Passwords need a slow hash because people choose them from few; here an attacker who has read
    every hash still has 2²⁵⁶ secrets to try, and no hash is fast enough for that. And as the hash
    is what is looked up, how long the look-up takes tells nothing about the secret itself.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def looks_like_secret(text: str, prefix: str = API_KEY) -> bool:
    """Return whether a text may be a secret with this prefix; false for a typing error."""
    body = text[len(prefix) :]
    if not (text.startswith(prefix) and _BODY.fullmatch(body)):
        return False
    return _checksum(text[:-8]) == text[-8:]


def _checksum(text: str) -> str:
    return f"{zlib.crc32(text.encode('ascii')):08x}"
