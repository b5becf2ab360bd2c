"""The entries of one space for FAISS: scanned whole while they are few, by lists when many.

The arrays are ours, FAISS scans them where they lie: removing is exact and at once, and a template
costs its 64 bytes of code, 16 of id and 5 to 9 to find it by its id. New entries go to a tail that
is scanned whole; when it has grown, lists and tail are laid out anew beside the old ones.
"""

import numpy as np

from visavis.index.base import Entries, Hits
from visavis.index.finding import hits
from visavis.index.ids import Ids
from visavis.index.layout import Layout, Moves, Rows
from visavis.index.likeness import Likeness
from visavis.index.lists import Lists, train
from visavis.index.read_write_lock import ReadWriteLock
from visavis.index.rows_by_id import RowsById
from visavis.index.scanning import by_lists, whole
from visavis.index.shelf import Arrays

_AT_ONCE = 32
"""Probes during which no writer gets its turn."""

_LONGEST_TAIL = 8192
_TAIL_SHARE = 32
_VACANT_SHARE = 8


class ListedShelf:
    """The entries of one space; see `Shelf`.

    Args:
        likeness: How entries are compared.
        layout: The entries; ids none twice.
        lists_from: Number of entries from which lists are used.
        lists: To which the segments of `layout` belong; None = it has a tail only.
        trained_at: Number of entries when the lists were made.
    """

    def __init__(
        self,
        likeness: Likeness,
        layout: Layout,
        lists_from: int,
        lists: Lists | None = None,
        trained_at: int = 0,
    ) -> None:
        self._likeness = likeness
        self._layout = layout
        self._lists = lists
        self._lists_from = lists_from
        self._trained_at = trained_at
        self._lock = ReadWriteLock()
        self._by_id = RowsById(layout.ids, layout.live())
        self._settle()

    @property
    def width(self) -> int:
        """Numbers or bytes of an entry."""
        return int(self._layout.entries.shape[1])

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        lists = self._lists.nbytes if self._lists else 0
        return self._layout.nbytes + self._by_id.nbytes + lists

    def __len__(self) -> int:
        return len(self._layout)

    def add(self, ids: Ids, entries: Entries) -> int:
        """Add entries in place of those of the same ids; return how many there were."""
        layout = self._layout.with_room(len(ids))
        old = self._by_id.find(layout.ids, ids)
        there = old >= 0
        rows = layout.write_beyond(ids, entries)
        self._by_id.move(layout.ids, ids[there], rows[there])
        self._by_id.put(layout.ids, rows[~there])
        self._change(layout, layout.moves(old[there], len(ids)))
        self._settle()
        return int(there.sum())

    def remove(self, ids: Ids) -> int:
        """Remove entries and return how many there were."""
        layout = self._layout
        rows = self._by_id.find(layout.ids, ids)
        known = rows >= 0
        self._by_id.remove(layout.ids, ids[known])
        self._change(layout, layout.moves(np.unique(rows[known])))
        self._settle()
        return len(np.unique(rows[known]))

    def search(self, probes: Entries, k: int) -> list[Hits]:
        """Return the at most `k` nearest entries to each probe; each sees one state."""
        found: list[Hits] = []
        for start in range(0, len(probes), _AT_ONCE):
            with self._lock.reading():
                part = probes[start : start + _AT_ONCE]
                found += self._by_lists(part, k) if self._lists else self._whole(part, k)
        return found

    def ids(self) -> Ids:
        """Return the ids of all entries."""
        with self._lock.reading():
            return self._layout.ids[self._layout.live()]

    def arrays(self) -> Arrays:
        """Return rows without vacant ones, and the lists."""
        layout, lists = self._layout, self._lists
        rows = layout.live()
        kept: Arrays = {"ids": layout.ids[rows], "entries": layout.entries[rows]}
        if lists is None:
            return kept
        trained = np.array([self._trained_at])
        return {**kept, "sizes": layout.sizes, "trained_at": trained, **lists.arrays()}

    def _whole(self, probes: Entries, k: int) -> list[Hits]:
        return [hits(*found, k) for found in whole(self._likeness, self._layout, probes, k)]

    def _by_lists(self, probes: Entries, k: int) -> list[Hits]:
        likeness, layout, lists = self._likeness, self._layout, self._lists
        assert lists is not None  # noqa: S101  # for the type checker: asked only with lists
        return [hits(*by_lists(likeness, layout, lists, probe, k), k) for probe in probes]

    def _change(self, layout: Layout, moves: Moves) -> None:
        """Let readers see what was done to the rows; the only moment in which they wait."""
        if len(moves.sources):
            self._by_id.move(layout.ids, layout.ids[moves.sources], moves.targets)
        with self._lock.writing():
            layout.apply(moves)
            self._layout = layout

    def _settle(self) -> None:
        """Make lists, lay out anew or make it smaller, when it is time."""
        count, layout = len(self._layout), self._layout
        if self._lists is None:
            if count >= self._lists_from:
                self._train()
            elif len(layout.entries) > 4 * count + _LONGEST_TAIL:
                self._replace(self._sorted(np.zeros(count, np.int64), 1), None)
            return
        if count < self._lists_from // 2:
            self._replace(self._sorted(np.zeros(count, np.int64), 1), None)
        elif count >= 2 * self._trained_at:
            self._train()
        elif self._is_untidy():
            self._replace(self._sorted(self._owners(), len(self._lists) + 1), self._lists)

    def _is_untidy(self) -> bool:
        layout, count = self._layout, len(self._layout)
        longest = max(_LONGEST_TAIL, count // _TAIL_SHARE)
        return bool(layout.sizes[-1] > longest) or layout.vacant > longest + count // _VACANT_SHARE

    def _train(self) -> None:
        layout = self._layout
        rows = layout.live()
        lists = train(self._likeness, lambda which: layout.entries[rows[which]], len(rows))
        if lists is None:
            return
        self._trained_at = len(rows)
        owners = lists.owners(layout.entries[rows])
        self._replace(self._sorted(owners, len(lists) + 1), lists)

    def _owners(self) -> Rows:
        """Return the list of each live row; those of the tail are put into lists now."""
        layout, lists = self._layout, self._lists
        assert lists is not None  # noqa: S101  # for the type checker: asked only with lists
        listed = np.repeat(np.arange(len(lists)), layout.sizes[:-1])
        tail = layout.entries[layout.starts[-1] : layout.end]
        return np.concatenate([listed, lists.owners(tail)]) if len(tail) else listed

    def _sorted(self, owners: Rows, segments: int) -> Layout:
        """Return the live rows laid out anew by segment, with an empty tail but for one segment."""
        order = self._layout.live()[np.argsort(owners, kind="stable")]
        sizes = np.bincount(owners, minlength=segments)
        return Layout(self._layout.entries[order], self._layout.ids[order], sizes)

    def _replace(self, layout: Layout, lists: Lists | None) -> None:
        layout = layout.with_room(1)
        by_id = RowsById(layout.ids, layout.live())
        with self._lock.writing():
            self._layout, self._lists, self._by_id = layout, lists, by_id
