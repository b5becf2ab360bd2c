"""Indexes in the memory of this process, kept in sealed files from one start to the next."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from visavis.index.base import CODE_BYTES, Entries, Hits, Space
from visavis.index.entries import check_count, check_pairs, checked
from visavis.index.ids import ID_BYTES, check_unlike, packed, written
from visavis.index.shelf import Arrays, Shelf
from visavis.index.snapshots import Snapshots, discard

MakeShelf: TypeAlias = Callable[[Space, Arrays], Shelf]
"""Makes the shelf of a space from what a snapshot kept, or from rows that are none."""

_TRIES = 3
"""How often a space is written before it is left to the next time."""


@dataclass(slots=True)
class _Kept:
    """What is kept of a space; whoever changes it holds the lock.

    Attributes:
        shelf: Its entries; None = there are none.
        mark: Up to which change of the database it is.
        changes: How often anything was changed.
        removals: How often an entry may have gone.
        saved: `changes` when it was last written or read.
    """

    shelf: Shelf | None = None
    mark: int = 0
    changes: int = 0
    removals: int = 0
    saved: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __len__(self) -> int:
        return len(self.shelf) if self.shelf else 0


class LocalIndex:
    """Spaces in memory; see `Index` for what each method promises.

    Args:
        make_shelf: What holds the entries of a space.
        snapshots: Where they are kept; None = nowhere. Those of a tenant are read when it is first
            asked for something.
    """

    def __init__(self, make_shelf: MakeShelf, snapshots: Snapshots | None = None) -> None:
        self._make_shelf = make_shelf
        self._snapshots = snapshots
        self._tenants: dict[str, dict[Space, _Kept]] = {}
        self._opening = threading.Lock()

    def add(self, space: Space, ids: Sequence[str], entries: Entries) -> None:
        """Add entries, each under its id; what had the same id is replaced."""
        kept = self._kept(space)
        with kept.lock:
            ready = checked(space, entries, kept.shelf.width if kept.shelf else None)
            rows = packed(ids)
            check_pairs(rows, ready)
            if not len(rows):
                return
            check_unlike(rows)
            kept.changes += 1
            if kept.shelf is None:
                kept.shelf = self._make_shelf(space, {"ids": rows.copy(), "entries": ready.copy()})
            elif kept.shelf.add(rows, ready):
                self._remove_file(space, kept)

    def remove(self, space: Space, ids: Sequence[str]) -> int:
        """Remove entries and return how many there were."""
        kept = self._kept(space)
        with kept.lock:
            rows = packed(ids)
            if kept.shelf is None or not len(rows):
                return 0
            self._remove_file(space, kept)  # first: what cannot be removed there stays here too
            removed = kept.shelf.remove(rows)
            if not len(kept.shelf):
                kept.shelf = None
            return removed

    def search(self, space: Space, probes: Entries, k: int) -> list[Hits]:
        """Return the at most `k` nearest entries to each probe; equals go by id."""
        check_count(k)
        shelf = self._kept(space).shelf
        ready = checked(space, probes, shelf.width if shelf else None)
        if shelf is None:
            return [Hits((), np.zeros(0, np.float32)) for _ in ready]
        return shelf.search(ready, k)

    def count(self, space: Space) -> int:
        """Return how many entries there are."""
        return len(self._kept(space))

    def ids(self, space: Space) -> frozenset[str]:
        """Return the ids of all entries."""
        kept = self._kept(space)
        with kept.lock:
            return frozenset(written(kept.shelf.ids())) if kept.shelf else frozenset()

    def spaces(self, tenant_id: str) -> tuple[Space, ...]:
        """Return a tenant's spaces that hold something, in order."""
        return tuple(sorted(space for space, kept in self._of(tenant_id).copy().items() if kept))

    def shelf(self, space: Space) -> Shelf | None:
        """Return what holds the entries of a space; None where there are none."""
        return self._kept(space).shelf

    def mark(self, space: Space) -> int:
        """Return up to which change of the database the space is; 0 = none."""
        return self._kept(space).mark

    def set_mark(self, space: Space, mark: int) -> None:
        """Note up to which change the space is now."""
        kept = self._kept(space)
        with kept.lock:
            kept.changes += kept.mark != mark
            kept.mark = mark

    def drop(self, space: Space) -> None:
        """Remove a space with all that is kept of it."""
        kept = self._kept(space)
        with kept.lock:
            self._remove_file(space, kept)
            kept.shelf, kept.mark, kept.saved = None, 0, kept.changes

    def drop_tenant(self, tenant_id: str) -> None:
        """Remove all spaces of a tenant, and what is kept of them in files."""
        for space in [*self._of(tenant_id)]:
            self.drop(space)
        if self._snapshots is not None:
            self._snapshots.remove_tenant(tenant_id)

    def unsaved(self) -> tuple[Space, ...]:
        """Return the spaces that were changed since they were last written or read, in order."""
        tenants = list(self._tenants.values()) if self._snapshots else []
        changed = (
            space
            for tenant in tenants
            for space, kept in tenant.copy().items()
            if kept.saved != kept.changes
        )
        return tuple(sorted(changed))

    def save(self) -> None:
        """Write what was changed since it was last written or read.

        Raises:
            Unavailable: the folder cannot be written; what was saved before stays as it is.
        """
        if self._snapshots is None:
            return
        for tenant in list(self._tenants.values()):
            for space, kept in tenant.copy().items():
                self._save(self._snapshots, space, kept)

    def close(self) -> None:
        """Let go of everything."""
        with self._opening:
            self._tenants.clear()

    def _kept(self, space: Space) -> _Kept:
        return self._of(space.tenant_id).setdefault(space, _Kept())

    def _of(self, tenant_id: str) -> dict[Space, _Kept]:
        """Return a tenant's spaces, read from the snapshots when nobody has asked before."""
        if (known := self._tenants.get(tenant_id)) is not None:
            return known
        with self._opening:
            if tenant_id not in self._tenants:
                self._tenants[tenant_id] = self._opened(tenant_id)
            return self._tenants[tenant_id]

    def _opened(self, tenant_id: str) -> dict[Space, _Kept]:
        found: dict[Space, _Kept] = {}
        for space, mark, arrays in self._snapshots.load(tenant_id) if self._snapshots else ():
            shelf = self._make_shelf(space, arrays) if len(arrays["ids"]) else None
            found[space] = _Kept(shelf, mark)
        return found

    def _save(self, snapshots: Snapshots, space: Space, kept: _Kept) -> None:
        """Write a space; sealing may wait for the database, so that nobody has to wait for it.

        What was removed meanwhile must not come back with the file: then it is written anew.
        """
        for _ in range(_TRIES):
            with kept.lock:
                if kept.saved == kept.changes:
                    return
                changes, removals, mark = kept.changes, kept.removals, kept.mark
                arrays = kept.shelf.arrays() if kept.shelf else _nothing(space)
            part = snapshots.write(space, mark, arrays)
            with kept.lock:
                if kept.removals == removals:
                    snapshots.place(space, part)
                    kept.saved = changes
                    return
            discard(part)

    def _remove_file(self, space: Space, kept: _Kept) -> None:
        kept.changes += 1
        kept.removals += 1
        if self._snapshots is not None:
            self._snapshots.remove(space)


def _nothing(space: Space) -> Arrays:
    """Return rows of a space that holds none."""
    dtype = np.dtype(np.uint8) if space.is_protected else np.dtype(np.float32)
    return {"ids": np.zeros((0, ID_BYTES), np.uint8), "entries": np.zeros((0, CODE_BYTES), dtype)}
