"""Which rows are scanned for a probe: all, or those of the lists that are nearest to it."""

import math
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np

from visavis.core.types import Floats
from visavis.index.base import Entries
from visavis.index.finding import SPARE, nearest, nearest_each
from visavis.index.ids import Ids
from visavis.index.layout import Layout, rows_of
from visavis.index.likeness import Likeness
from visavis.index.lists import Lists

SCANNED = 200.0
"""Times the square root of the number of entries: how many are scanned where there are lists, so
that the time grows with the root. Measured with codes of people who are spread as real faces are,
0.25 and 1 million of them: at 150 one or two of a thousand nearest entries are missed, at 300 none.
With people spread evenly in all directions, which faces are not, it takes 300 to miss so few."""

_ROWS_AT_ONCE = 8192

Piece: TypeAlias = tuple[int, int]
"""From which row to which."""

Found: TypeAlias = tuple[Floats, Ids]
"""Similarities and ids of the nearest, in no order, with all that may be their equals."""


def whole(likeness: Likeness, layout: Layout, probes: Entries, k: int) -> Iterator[Found]:
    """Yield what is nearest to each probe among all rows; none of them may be vacant."""
    each = nearest_each(likeness, probes, layout.entries[: layout.end], k)
    for similarities, rows in each:
        yield similarities, layout.ids[rows]


def by_lists(likeness: Likeness, layout: Layout, lists: Lists, probe: Entries, k: int) -> Found:
    """Return what is nearest to one probe (w,) among the nearest lists and the tail."""
    share, tail = SCANNED / math.sqrt(max(len(layout), 1)), len(lists)
    chosen = lists.nearest(probe, math.ceil(share * tail)) if share < 1 else np.arange(tail)
    segments = np.append(chosen, tail)
    if layout.sizes[segments].sum() < k:
        segments = np.arange(tail + 1)
    return _nearest_in(likeness, layout, layout.pieces(segments), probe, k)


def _nearest_in(
    likeness: Likeness, layout: Layout, pieces: Sequence[Piece], probe: Entries, k: int
) -> Found:
    """Return what is nearest in some pieces, a few thousand rows after the other.

    So few are put together at once that they stay in the processor's cache: together they would go
    through the memory twice, which takes longer than scanning them.
    """
    apart, rows, fullest = [np.zeros(0)], [np.zeros(0, np.int64)], math.inf
    for part in _parts(pieces):
        entries = _put_together(layout, part)
        far, places = likeness.scan(probe[None], entries, min(k + SPARE, len(entries)))
        apart.append(far[0])
        rows.append(rows_of(part, places[0]))
        if len(places[0]) < len(entries):
            fullest = min(fullest, far[0, -1])
    found, which = np.concatenate(apart), np.concatenate(rows)
    if len(found) > k:
        edge = np.partition(found, k - 1)[k - 1] + 2 * likeness.slack
        if fullest <= edge:  # a part may have more that are equal
            return _at_once(likeness, layout, pieces, probe, k)
        which = which[found <= edge]
    return likeness.similarities(probe, layout.entries[which]), layout.ids[which]


def _at_once(
    likeness: Likeness, layout: Layout, pieces: Sequence[Piece], probe: Entries, k: int
) -> Found:
    """Return the same from all pieces put together."""
    similarities, places = nearest(likeness, probe, _put_together(layout, pieces), k)
    return similarities, layout.ids[rows_of(pieces, places)]


def _put_together(layout: Layout, pieces: Sequence[Piece]) -> Entries:
    """Return the entries of pieces, one after the other."""
    if len(pieces) == 1:
        return layout.entries[slice(*pieces[0])]
    return np.concatenate([layout.entries[start:end] for start, end in pieces])


def _parts(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Yield the pieces, cut where that many rows are together."""
    part: list[Piece] = []
    room = _ROWS_AT_ONCE
    for first, end in pieces:
        start = first
        while start < end:
            stop = min(end, start + room)
            part.append((start, stop))
            room -= stop - start
            start = stop
            if not room:
                yield part
                part, room = [], _ROWS_AT_ONCE
    if part:
        yield part
