"""Files that no row knows, and rows whose file is gone.

A process killed between a file and its row leaves an orphan: a whole file that nobody can reach.
Who adds a row puts the file first, even one that is there: that is what spares it from a sweep.
Files and rows are read side by side, both sorted, so a sweep of any size needs little memory. No
file goes before both were read to their end: rows that come in a wrong order would make files
orphans that are none.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import TypeAlias

from visavis.store.blobs.base import BlobName, Blobs, Kept, check_name
from visavis.store.blobs.errors import BlobNotFound

_Mark: TypeAlias = tuple[BlobName, Kept | None]  # a file, or None for a row

GRACE = timedelta(days=1)
"""How long a file may wait for its row: longer than any upload and its transaction."""

MOST_NAMED = 10_000
"""Most orphans and most missing files that one comparison names; others are counted only."""


@dataclass(frozen=True, slots=True)
class Compared:
    """How files and rows stand to each other.

    Attributes:
        files: How many files there are.
        rows: How many rows.
        orphan_count: How many old files no row knows.
        orphans: The first of them, up to `MOST_NAMED`.
        missing_count: How many files rows know that are not there; those beyond the named ones as
            listed, without a second look.
        missing: The first of them, up to `MOST_NAMED`.
    """

    files: int
    rows: int
    orphan_count: int
    orphans: tuple[BlobName, ...]
    missing_count: int
    missing: tuple[BlobName, ...]


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found and did.

    Attributes:
        compared: How files and rows stood to each other before.
        removed: The orphans that went. Not those that were put again meanwhile, and none beyond
            `MOST_NAMED`: sweep again for them.
        partials: How many parts of puts that were cut short went.
    """

    compared: Compared
    removed: tuple[BlobName, ...]
    partials: int


def sweep(
    rows: Iterable[BlobName],
    blobs: Blobs,
    *,
    now: datetime,
    grace: timedelta = GRACE,
    tenant_id: str | None = None,
) -> Swept:
    """Remove orphans and what cut-short puts left; report rows whose file is gone.

    Args:
        rows: Tenant and SHA-256 of every file that rows know, in this order sorted, repeats
            allowed; only the tenant's when one is given.
        blobs: The files.
        now: The time.
        grace: Files put within this time are spared; their row may still come.
        tenant_id: Look only at this tenant's files; parts are looked at as a whole.

    Raises:
        ValueError: the rows are not sorted; nothing was removed.
        InvalidInput: a row names what is no file; nothing was removed.
        Unavailable: the disk or the S3 end refuses; sweep again.
    """
    cutoff = now - grace
    found = compare(rows, blobs, older_than=cutoff, tenant_id=tenant_id)
    removed = tuple(name for name in found.orphans if blobs.remove(*name, older_than=cutoff))
    return Swept(found, removed, blobs.remove_partials(cutoff))


def compare(
    rows: Iterable[BlobName],
    blobs: Blobs,
    *,
    older_than: datetime,
    tenant_id: str | None = None,
) -> Compared:
    """Find orphans that were put before `older_than`, and rows whose file is gone.

    Takes and raises what `sweep` does, and changes nothing.
    """
    row_count = file_count = 0
    orphans, missing = _Names(), _Names()
    for name, known, kept in _side_by_side(rows, blobs.names(tenant_id)):
        row_count += known
        file_count += kept is not None
        if kept and not known and kept.modified < older_than:
            orphans.add(name)
        elif not kept and (missing.is_full or _is_gone(blobs, name)):
            missing.add(name)
    return Compared(
        file_count,
        row_count,
        orphans.count,
        tuple(orphans.first),
        missing.count,
        tuple(missing.first),
    )


class _Names:
    """Counts names and keeps the first of them."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[BlobName] = []

    @property
    def is_full(self) -> bool:
        return len(self.first) == MOST_NAMED

    def add(self, name: BlobName) -> None:
        self.count += 1
        if not self.is_full:
            self.first.append(name)


def _side_by_side(
    rows: Iterable[BlobName], files: Iterable[Kept]
) -> Iterator[tuple[BlobName, int, Kept | None]]:
    """Give each name once, with the number of its rows and its file."""
    marks = heapq.merge(
        _ascending("rows", ((_checked(row), None) for row in rows)),
        _ascending("files", ((kept.name, kept) for kept in files)),
        key=itemgetter(0),
    )
    for name, group in groupby(marks, key=itemgetter(0)):
        known, file = 0, None
        for _, kept in group:
            known += kept is None
            file = file or kept
        yield name, known, file


def _checked(row: BlobName) -> BlobName:
    check_name(*row)
    return row


def _ascending(what: str, marks: Iterable[_Mark]) -> Iterator[_Mark]:
    last = ("", "")
    for mark in marks:
        if mark[0] < last:
            raise ValueError(f"the {what} of a sweep have to come sorted by tenant and SHA-256")
        last = mark[0]
        yield mark


def _is_gone(blobs: Blobs, name: BlobName) -> bool:
    """Make sure: a file that was put after its place in the listing was passed is not in it."""
    try:
        blobs.size(*name)
    except BlobNotFound:
        return True
    return False
