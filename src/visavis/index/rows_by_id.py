"""In which row an entry lies, found by its id: an open hash table in numpy, 5 to 8 bytes an entry.

The ids themselves stay where the rows are. Ids are random, so that their own bytes are the hash.
Used by one writer at a time.
"""

import numpy as np
from numpy.typing import NDArray

from visavis.index.ids import Ids

Rows = NDArray[np.int64]

_EMPTY, _GONE = -1, -2
_FULLEST = 0.75
_AFTER_GROWTH = 0.6
_LEAST = 64


class RowsById:
    """Rows by id.

    Args:
        ids: (n, 16) uint8, row by row; none twice.
        rows: (m,) of them that count, all when not given.
    """

    def __init__(self, ids: Ids, rows: Rows | None = None) -> None:
        self._build(ids, np.arange(len(ids)) if rows is None else rows)

    def find(self, ids: Ids, wanted: Ids) -> Rows:
        """Return the row of each wanted id, −1 for those that are not there.

        Args:
            ids: Of all rows.
            wanted: (m, 16) uint8.
        """
        return self._slots_and_rows(ids, wanted)[1]

    def put(self, ids: Ids, rows: Rows) -> None:
        """Note rows whose ids are not there yet.

        Args:
            ids: Of all rows, the new ones among them.
            rows: (m,) the new ones.
        """
        if self._used + len(rows) > _FULLEST * len(self._table):
            self._build(ids, np.concatenate([self._table[self._table >= 0], rows]))
        else:
            self._place(ids, rows)

    def move(self, ids: Ids, wanted: Ids, rows: Rows) -> None:
        """Note that ids which are there lie in other rows now; `ids` as it was before."""
        self._table[self._slots_and_rows(ids, wanted)[0]] = rows

    def remove(self, ids: Ids, wanted: Ids) -> None:
        """Forget ids that are there; `ids` as it was before."""
        self._table[self._slots_and_rows(ids, wanted)[0]] = _GONE

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return self._table.nbytes

    def _build(self, ids: Ids, rows: Rows) -> None:
        size = max(_LEAST, int(len(rows) / _AFTER_GROWTH))
        self._table = np.full(size, _EMPTY, np.int32)
        self._used = 0
        self._place(ids, rows)

    def _place(self, ids: Ids, rows: Rows) -> None:
        """Put each row into the first empty slot from its own one on."""
        slots, size = self._home(ids[rows]), len(self._table)
        self._used += len(rows)
        while len(rows):
            free = self._table[slots] == _EMPTY
            self._table[slots[free]] = rows[free]  # of several that want one slot the last wins
            lost = self._table[slots] != rows
            slots, rows = (slots[lost] + 1) % size, rows[lost]

    def _slots_and_rows(self, ids: Ids, wanted: Ids) -> tuple[Rows, Rows]:
        slots, size = self._home(wanted), len(self._table)
        found = np.full(len(wanted), -1, np.int64)
        left = np.arange(len(wanted))
        while len(left):
            rows = self._table[slots[left]].astype(np.int64)
            there = rows >= 0
            same = there.copy()
            same[there] = (ids[rows[there]] == wanted[left[there]]).all(axis=1)
            found[left[same]] = rows[same]
            left = left[~same & (rows != _EMPTY)]
            slots[left] = (slots[left] + 1) % size
        return slots, found

    def _home(self, ids: Ids) -> Rows:
        numbers = np.ascontiguousarray(ids).view(np.uint64)[:, 0]
        return (numbers % np.uint64(len(self._table))).astype(np.int64)
