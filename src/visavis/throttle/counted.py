"""Whom a limit counts, as a key that says nothing about anybody."""

import hashlib
import hmac
from ipaddress import IPv6Address, IPv6Network, ip_address

IPV6_PREFIX = 64
"""Bits of an IPv6 address that count: the rest is what one subscriber chooses freely."""


def hidden(pepper: bytes, kind: str, key: str) -> str:
    """Return the key under which something is counted, hexadecimal.

    Args:
        pepper: Keeps whoever reads Redis from trying out addresses; may be empty.
        kind: Which limit.
        key: A network address, an e-mail address in one spelling, an id.
    """
    text = f"{kind}\0{whole(key)}".encode("utf-8", "surrogatepass")
    return hmac.digest(pepper, text, hashlib.sha256).hex()


def whole(key: str) -> str:
    """Return what one subscriber is known by: the network of an IPv6 address, else the key."""
    try:
        found = ip_address(key)
    except ValueError:
        return key
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(IPv6Network((int(found), IPV6_PREFIX), strict=False))
