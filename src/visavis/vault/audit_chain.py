"""The chain of the audit log: no entry can be changed, removed, added or moved unseen.

Each entry carries an HMAC-SHA256 over the one before it and over itself; the head carries one over
the number of the last entry, so that cutting the end off shows as well. Whoever can write to the
database but does not hold the tenant's audit key cannot make either. Who restores an older copy of
the whole database restores an older, valid log: against that, keep heads elsewhere (`Head` is three
values) and give them to `faults`.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson

MAC_BYTES = 32
_VERSION_BYTES = 4

KeyOf = Callable[[int], bytes]
"""Gives the audit key of a version."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit log.

    Attributes:
        tenant_id: Whose log.
        seq: 1 and up, without gaps.
        at: When, UTC.
        actor: Who: a user, a key, `system`.
        action: What, such as `subject.erased`.
        subject_id: About whom; empty for nobody.
        details: Counts, ids, words; never pictures, vectors, tokens or passwords.
    """

    tenant_id: str
    seq: int
    at: datetime
    actor: str
    action: str
    subject_id: str
    details: Mapping[str, Any]

    def canonical(self) -> bytes:
        """Return the entry as bytes, the same for equal entries."""
        at = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        parts = [self.tenant_id, self.seq, at, self.actor, self.action, self.subject_id]
        return orjson.dumps([*parts, dict(self.details)], option=orjson.OPT_SORT_KEYS)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a log.

    Attributes:
        tenant_id: Whose log.
        seq: Number of the last entry; 0 = empty.
        mac: What that entry carries; empty for an empty log.
        anchor: HMAC over the above.
    """

    tenant_id: str
    seq: int
    mac: bytes
    anchor: bytes


class Fault(StrEnum):
    """What is wrong with a log."""

    EDITED = "edited"
    MISSING = "missing"
    OUT_OF_ORDER = "out_of_order"
    CUT_OFF = "cut_off"
    HEAD_EDITED = "head_edited"


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault and the number of the entry where it shows."""

    seq: int
    fault: Fault


def mac_of(entry: Entry, previous: bytes, version: int, key: bytes) -> bytes:
    """Return what an entry carries: 4 bytes for the version of the key, 32 of HMAC.

    Args:
        entry: The entry.
        previous: What the entry before it carries; empty for the first.
        version: Of the audit key.
        key: The audit key.
    """
    return _signed(b"entry", previous, entry.canonical(), version=version, key=key)


def head_of(tenant_id: str, seq: int, mac: bytes, version: int, key: bytes) -> Head:
    """Return the head of a log whose last entry carries `mac`."""
    told = orjson.dumps([tenant_id, seq])
    return Head(tenant_id, seq, mac, _signed(b"head", mac, told, version=version, key=key))


def faults(
    entries: Iterable[tuple[Entry, bytes]], head: Head | None, key_of: KeyOf
) -> Iterator[Finding]:
    """Yield what is wrong with a log; nothing when it is whole.

    One fault does not hide the next: after each the chain is taken up again with what is stored.

    Args:
        entries: As stored, by rising number, each with what it carries.
        head: The stored head, or one kept elsewhere; None when it is missing.
        key_of: Gives the audit key of a version; KeyError for one that never was.
    """
    previous, last = b"", 0
    seen: dict[int, bytes] = {}
    for entry, mac in entries:
        if entry.seq <= last:
            yield Finding(entry.seq, Fault.OUT_OF_ORDER)
        elif entry.seq > last + 1:
            yield Finding(entry.seq, Fault.MISSING)
        elif not _holds(mac, b"entry", previous, entry.canonical(), key_of):
            yield Finding(entry.seq, Fault.EDITED)
        previous, last = mac, max(last, entry.seq)
        if head is not None and entry.seq == head.seq:
            seen[entry.seq] = mac
    yield from _head_faults(head, last, seen, key_of)


def _head_faults(
    head: Head | None, last: int, seen: Mapping[int, bytes], key_of: KeyOf
) -> Iterator[Finding]:
    if head is None:
        if last:
            yield Finding(last, Fault.HEAD_EDITED)
        return
    told = orjson.dumps([head.tenant_id, head.seq])
    if not _holds(head.anchor, b"head", head.mac, told, key_of):
        yield Finding(head.seq, Fault.HEAD_EDITED)
    elif last < head.seq:
        yield Finding(last + 1, Fault.CUT_OFF)
    elif head.seq and not hmac.compare_digest(seen.get(head.seq, b""), head.mac):
        yield Finding(head.seq, Fault.EDITED)


def _signed(kind: bytes, previous: bytes, told: bytes, *, version: int, key: bytes) -> bytes:
    parts = b"".join(len(part).to_bytes(4, "big") + part for part in (kind, previous, told))
    return version.to_bytes(_VERSION_BYTES, "big") + hmac.digest(key, parts, hashlib.sha256)


def _holds(mac: bytes, kind: bytes, previous: bytes, told: bytes, key_of: KeyOf) -> bool:
    if len(mac) != _VERSION_BYTES + MAC_BYTES:
        return False
    version = int.from_bytes(mac[:_VERSION_BYTES], "big")
    try:
        key = key_of(version)
    except KeyError:
        return False
    return hmac.compare_digest(_signed(kind, previous, told, version=version, key=key), mac)
