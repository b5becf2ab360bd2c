"""What keeping files means, whatever keeps them.

A file is known by its tenant and by the SHA-256 of its content. Two tenants never share one, so
that nobody learns from the speed of an upload what another keeps.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from visavis.core.errors import InvalidInput
from visavis.core.settings import MIB
from visavis.store.blobs.errors import BlobTooLarge

TENANT = re.compile("[0-9a-f]{32}")
SHA256 = re.compile("[0-9a-f]{64}")

PIECE_BYTES = 64 * 1024
"""Most bytes of one piece that reading gives."""

BlobName: TypeAlias = tuple[str, str]
"""Tenant and SHA-256."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that was put.

    Attributes:
        sha256: Of its content, 64 lower-case hex digits; with the tenant it is the file's name.
        size: Bytes.
    """

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that is there.

    Attributes:
        tenant_id: Whose it is.
        sha256: Of its content.
        size: Bytes.
        modified: When it was last put, aware, UTC. S3 tells whole seconds.
    """

    tenant_id: str
    sha256: str
    size: int
    modified: datetime

    @property
    def name(self) -> BlobName:
        """Tenant and SHA-256."""
        return self.tenant_id, self.sha256


class Blobs(Protocol):
    """Keeps files; safe to use from several threads and processes.

    Every method raises InvalidInput for a tenant or hash that is not plain lower-case hex of the
    right length, before it asks anything, and Unavailable when the disk or the S3 end refuses.
    """

    def put(self, tenant_id: str, chunks: Iterable[bytes], max_bytes: int) -> Stored:
        """Keep what comes in; when this returns, it is safely there.

        A file appears whole or not at all. One that is there already is not written again, but
        counts as put now, so that a sweep that is under way spares it.

        Args:
            tenant_id: Whose it is.
            chunks: The content, in pieces of any size; what it raises passes through.
            max_bytes: Most bytes that are taken.

        Raises:
            BlobTooLarge: there is more; nothing is kept and no more is asked for.
        """
        ...

    def open(
        self, tenant_id: str, sha256: str, start: int = 0, end: int | None = None
    ) -> Iterator[bytes]:
        """Give the bytes from `start` up to, not including, `end`, as a slice would.

        Args:
            tenant_id: Whose it is.
            sha256: Which one.
            start: First byte; beyond the file there is nothing, which is no error.
            end: One past the last byte; the end of the file unless given or when beyond it.

        Returns:
            Pieces of at most 64 KiB; close it when it is not read to its end.

        Raises:
            BlobNotFound: there is none; told here, not at the first piece.
            InvalidInput: `start` is negative, or `end` before it.
        """
        ...

    def size(self, tenant_id: str, sha256: str) -> int:
        """Return the size in bytes.

        Raises:
            BlobNotFound: there is none.
        """
        ...

    def remove(self, tenant_id: str, sha256: str, older_than: datetime | None = None) -> bool:
        """Remove a file; one that is not there is no error.

        Args:
            tenant_id: Whose it is.
            sha256: Which one.
            older_than: Spare it when it was put at this time or later.

        Returns:
            Whether there was one and it went.
        """
        ...

    def names(self, tenant_id: str | None = None) -> Iterator[Kept]:
        """List what is there, sorted by tenant and hash; of one tenant when given.

        Files that come or go meanwhile may be listed or not; all others are.
        """
        ...

    def remove_partials(self, older_than: datetime) -> int:
        """Remove what puts left behind that were cut short; return how many.

        Args:
            older_than: Spare what was last written to (S3: begun) at this time or later, because
                its put may still go on.
        """
        ...


class Intake:
    """Counts and hashes a file that comes in.

    Args:
        max_bytes: Most bytes that are taken.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._hash = hashlib.sha256()
        self._size = 0

    def take(self, chunk: bytes) -> None:
        """Note the next bytes.

        Raises:
            BlobTooLarge: that makes too many.
        """
        self._size += len(chunk)
        if self._size > self._max_bytes:
            raise BlobTooLarge(
                f"the file is larger than the {self._max_bytes / MIB:.1f} MB allowed; send a "
                "smaller one"
            )
        self._hash.update(chunk)

    def stored(self) -> Stored:
        """Return what has come in."""
        return Stored(self._hash.hexdigest(), self._size)


def check_tenant(tenant_id: str) -> None:
    """Refuse what is not the id of a tenant; anything may stand in a request.

    Raises:
        InvalidInput: it is not 32 lower-case hex digits.
    """
    if not TENANT.fullmatch(tenant_id):
        raise InvalidInput("the id of a tenant has to be 32 lower-case hex digits")


def check_name(tenant_id: str, sha256: str) -> None:
    """Refuse what cannot be the name of a file.

    Raises:
        InvalidInput: one of both is not lower-case hex of the right length.
    """
    check_tenant(tenant_id)
    if not SHA256.fullmatch(sha256):
        raise InvalidInput("the name of a file has to be its SHA-256, 64 lower-case hex digits")


def check_range(start: int, end: int | None) -> None:
    """Refuse a range that is none.

    Raises:
        InvalidInput: `start` is negative, or `end` before it.
    """
    if start < 0 or (end is not None and end < start):
        raise InvalidInput("a range of bytes has to start at 0 or later and end after its start")
