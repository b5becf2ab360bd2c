"""The nearest of some entries, in the order that every engine answers in."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from visavis.core.types import Floats
from visavis.index import abreast
from visavis.index.base import Entries, Hits
from visavis.index.ids import Ids, rising, written
from visavis.index.likeness import Likeness

SPARE = 16
"""Entries looked for beyond those asked for, so that equals at the edge are seen."""

_ALL_ABOVE = 0.25
"""Of which share on all entries are compared: the scan keeps the best in a heap."""

Rows = NDArray[np.int64]


def nearest(likeness: Likeness, probe: Entries, entries: Entries, k: int) -> tuple[Floats, Rows]:
    """Return similarities and rows of the `k` nearest entries, and of any that may be their equal.

    Args:
        likeness: How they are compared.
        probe: (w,).
        entries: (n, w), n > 0.
        k: 1 or more.
    """
    wanted = k + SPARE
    while wanted < _ALL_ABOVE * len(entries):
        apart, rows = abreast.scan(likeness, probe, entries, wanted)
        if apart[-1] > apart[k - 1] + 2 * likeness.slack:
            return likeness.similarities(probe, entries[rows]), rows
        wanted *= 4
    return likeness.similarities(probe, entries), np.arange(len(entries))


def nearest_each(
    likeness: Likeness, probes: Entries, entries: Entries, k: int
) -> Iterator[tuple[Floats, Rows]]:
    """Yield the same for each of several probes, which are scanned for together."""
    wanted = k + SPARE
    if len(probes) == 1 or wanted >= _ALL_ABOVE * len(entries):
        yield from (nearest(likeness, probe, entries, k) for probe in probes)
        return
    apart, rows = likeness.scan(probes, entries, wanted)
    seen = apart[:, -1] > apart[:, k - 1] + 2 * likeness.slack
    for probe, which, is_all in zip(probes, rows, seen, strict=True):
        if is_all:
            yield likeness.similarities(probe, entries[which]), which
        else:
            yield nearest(likeness, probe, entries, k)


def hits(similarities: Floats, ids: Ids, k: int) -> Hits:
    """Return the `k` most similar, the most similar first; equals go by id."""
    if len(similarities) > k:
        least = np.partition(similarities, len(similarities) - k)[len(similarities) - k]
        kept = similarities >= least
        similarities, ids = similarities[kept], ids[kept]
    order = rising(ids, -similarities)[:k]
    return Hits(written(ids[order]), similarities[order])
