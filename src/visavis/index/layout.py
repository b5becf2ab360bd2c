"""Rows of entries in segments: one for each list, side by side, and a tail that grows.

Whatever is removed is overwritten at once: the last entries of its segment move into the holes, so
that a segment has none. What a list gives up at its end stays vacant until all is laid out anew.
Memory that was never written to costs nothing: arrays may be larger than what they hold.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from visavis.index.base import Entries
from visavis.index.ids import ID_BYTES, Ids

Rows = NDArray[np.int64]

_LEAST_ROOM = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """What has to be done so that rows are gone; nothing was done yet.

    Attributes:
        sources: Rows that move.
        targets: Where each of them goes.
        freed: Rows that hold nothing afterwards.
        sizes: Of all segments, afterwards.
    """

    sources: Rows
    targets: Rows
    freed: Rows
    sizes: Rows


class Layout:
    """Rows in segments, of which the last is the tail.

    Args:
        entries: (n, w), segment by segment.
        ids: (n, 16) uint8.
        sizes: (segments,) entries of each segment.
    """

    def __init__(self, entries: Entries, ids: Ids, sizes: Rows) -> None:
        self.entries = entries
        self.ids = ids
        self.sizes = sizes.astype(np.int64)
        self.starts = np.concatenate([[0], np.cumsum(self.sizes)[:-1]])

    @staticmethod
    def empty(width: int, dtype: np.dtype[np.uint8] | np.dtype[np.float32]) -> "Layout":
        """Return rows without entries: a tail alone."""
        none = np.zeros((0, width), dtype), np.zeros((0, ID_BYTES), np.uint8)
        return Layout(*none, np.zeros(1, np.int64))

    def __len__(self) -> int:
        return int(self.sizes.sum())

    @property
    def end(self) -> int:
        """One past the last row."""
        return int(self.starts[-1] + self.sizes[-1])

    @property
    def vacant(self) -> int:
        """Rows within the lists that hold nothing."""
        return int(self.starts[-1] - self.sizes[:-1].sum())

    @property
    def nbytes(self) -> int:
        """Bytes of memory that were written to."""
        row = self.entries.dtype.itemsize * self.entries.shape[1] + ID_BYTES
        return int(self.end * row + self.sizes.nbytes + self.starts.nbytes)

    def live(self) -> Rows:
        """Return all rows that hold an entry, segment by segment."""
        return ranges(self.starts, self.sizes)

    def with_room(self, extra: int) -> "Layout":
        """Return rows of the same content that can take so many entries more."""
        needed = self.end + extra
        if needed <= len(self.entries):
            return self
        capacity = max(_LEAST_ROOM, needed, 2 * self.end)
        roomy = Layout.__new__(Layout)
        roomy.entries = _grown(self.entries, self.end, capacity)
        roomy.ids = _grown(self.ids, self.end, capacity)
        roomy.sizes, roomy.starts = self.sizes.copy(), self.starts
        return roomy

    def write_beyond(self, ids: Ids, entries: Entries) -> Rows:
        """Write behind the tail, where nobody looks yet, and return the rows."""
        end, after = self.end, self.end + len(ids)
        self.ids[end:after] = ids
        self.entries[end:after] = entries
        return np.arange(end, after)

    def moves(self, rows: Rows, grown_by: int = 0) -> Moves:
        """Return how rows go.

        Args:
            rows: (n,) rows that hold something, none twice.
            grown_by: So many rows beyond the tail count as its own already.
        """
        before = self.sizes.copy()
        before[-1] += grown_by
        rows = np.sort(rows)
        segments = np.searchsorted(self.starts, rows, side="right") - 1
        sizes = before - np.bincount(segments, minlength=len(before))
        freed = ranges(self.starts + sizes, before - sizes)
        holes = rows[rows < self.starts[segments] + sizes[segments]]
        return Moves(np.setdiff1d(freed, rows, assume_unique=True), holes, freed, sizes)

    def apply(self, moves: Moves) -> None:
        """Do it; what was removed is overwritten."""
        self.entries[moves.targets] = self.entries[moves.sources]
        self.ids[moves.targets] = self.ids[moves.sources]
        self.entries[moves.freed] = 0
        self.ids[moves.freed] = 0
        self.sizes = moves.sizes

    def pieces(self, segments: Rows) -> list[tuple[int, int]]:
        """Return from where to where the rows of segments reach; neighbours as one piece."""
        segments = np.sort(segments)
        starts = self.starts[segments]
        ends = starts + self.sizes[segments]
        apart = starts[1:] != ends[:-1]
        firsts = starts[np.concatenate([[True], apart])]
        lasts = ends[np.concatenate([apart, [True]])]
        return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


def ranges(starts: Rows, sizes: Rows) -> Rows:
    """Return the numbers of several ranges, one range after the other."""
    before = np.cumsum(sizes) - sizes
    return cast("Rows", np.arange(int(sizes.sum())) + np.repeat(starts - before, sizes))


def rows_of(pieces: Sequence[tuple[int, int]], places: Rows) -> Rows:
    """Return the rows of places in what was put together of pieces."""
    starts, ends = np.array(pieces, np.int64).reshape(-1, 2).T
    before = np.cumsum(ends - starts) - (ends - starts)
    piece = np.searchsorted(before, places, side="right") - 1
    return cast("Rows", places + (starts - before)[piece])


def _grown(array: NDArray[Any], used: int, capacity: int) -> NDArray[Any]:
    grown = np.empty((capacity, array.shape[1]), array.dtype)
    grown[:used] = array[:used]
    return grown
