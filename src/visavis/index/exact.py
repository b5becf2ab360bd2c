"""The exact index: every entry is compared with the probe. What the other engines are tested by."""

import numpy as np

from visavis.index.base import Entries, Hits, Space
from visavis.index.finding import hits
from visavis.index.ids import Ids, packed, written
from visavis.index.likeness import Likeness, likeness_of
from visavis.index.local import LocalIndex
from visavis.index.shelf import Arrays
from visavis.index.snapshots import Snapshots


class ExactShelf:
    """The entries of one space by id; see `Shelf`.

    Args:
        likeness: How entries are compared.
        arrays: What it starts with: `ids` and `entries`.
    """

    def __init__(self, likeness: Likeness, arrays: Arrays) -> None:
        self._likeness = likeness
        self._state: tuple[Entries, tuple[str, ...]] = arrays["entries"], written(arrays["ids"])

    @property
    def width(self) -> int:
        """Numbers or bytes of an entry."""
        return int(self._state[0].shape[1])

    def __len__(self) -> int:
        return len(self._state[1])

    def add(self, ids: Ids, entries: Entries) -> int:
        """Add entries in place of those of the same ids; return how many there were."""
        (before, known), count = self._without(ids), len(self)
        self._state = np.concatenate([before, entries]), known + written(ids)
        return count - len(known)

    def remove(self, ids: Ids) -> int:
        """Remove entries and return how many there were."""
        count = len(self)
        self._state = self._without(ids)
        return count - len(self)

    def search(self, probes: Entries, k: int) -> list[Hits]:
        """Return the at most `k` nearest entries to each probe."""
        entries, known = self._state
        ids = packed(known)
        return [hits(self._likeness.similarities(probe, entries), ids, k) for probe in probes]

    def ids(self) -> Ids:
        """Return the ids of all entries."""
        return packed(self._state[1])

    def arrays(self) -> Arrays:
        """Return what is kept."""
        return {"ids": self.ids(), "entries": self._state[0]}

    def _without(self, ids: Ids) -> tuple[Entries, tuple[str, ...]]:
        entries, known = self._state
        gone = set(written(ids))
        kept = [row for row, each in enumerate(known) if each not in gone]
        return entries[kept], tuple(known[row] for row in kept)


class ExactIndex(LocalIndex):
    """Compares everything with everything; see `Index`.

    Args:
        snapshots: Where spaces are kept from one start to the next; None = nowhere.
    """

    def __init__(self, snapshots: Snapshots | None = None) -> None:
        super().__init__(_shelf, snapshots)


def _shelf(space: Space, arrays: Arrays) -> ExactShelf:
    return ExactShelf(likeness_of(codes=space.is_protected), arrays)
