"""Scanning for one probe with several cores: each takes its part of the rows.

FAISS shares work among cores only where there are several probes.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from visavis.index.base import Entries
from visavis.index.likeness import Likeness, all_cores

WORTH_A_CORE = 200_000
"""Rows from which on another core helps: to hand them over takes as long as scanning 20,000."""


def scan(
    likeness: Likeness, probe: Entries, entries: Entries, k: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return how far the `k` nearest of some entries are from one probe, and which they are.

    Args:
        likeness: How they are compared.
        probe: (w,).
        entries: (n, w), n ≥ k.
        k: 1 or more.

    Returns:
        (k,) distances, rising, and rows; equals go by row.
    """
    parts = max(1, min(all_cores(), len(entries) // max(k, WORTH_A_CORE)))
    ends = [len(entries) * part // parts for part in range(parts + 1)]
    asked = [entries[start:end] for start, end in pairwise(ends)]
    others = [_pool().submit(likeness.scan, probe[None], part, k) for part in asked[1:]]
    found = [likeness.scan(probe[None], asked[0], k), *(each.result() for each in others)]
    apart = np.concatenate([far[0] for far, _ in found])
    rows = np.concatenate([at[0] + start for start, (_, at) in zip(ends, found, strict=False)])
    nearest = np.argsort(apart, kind="stable")[:k]
    return apart[nearest], rows[nearest]


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(all_cores(), thread_name_prefix="scan")
