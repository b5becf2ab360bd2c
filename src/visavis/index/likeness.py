"""How like two entries are: codes by the bits that differ, vectors by their cosine.

FAISS does the scan; the few entries that it finds are compared once more in a way that does not
depend on where in the memory they lie, so that equals are equal for every engine.
"""

import math
import os
from collections.abc import Sequence
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from visavis.core.types import Floats
from visavis.index.base import CODE_BYTES, Entries

BITS = 8 * CODE_BYTES

_COSINES = np.cos(math.pi * np.arange(BITS + 1) / BITS).astype(np.float32)
"""By number of differing bits: what they stand for on average (Charikar, 2002)."""

_ROUNDING = 1e-5
"""More than float32 sums of 4096 products of vectors of length 1 are ever off in practice."""

_AT_ONCE = 16_384
"""Entries whose 512 bits are counted at once: 8 MB."""


class Likeness(Protocol):
    """A way to compare entries.

    Attributes:
        slack: How far what `scan` says may be off.
    """

    slack: float

    def scan(
        self, probes: Entries, entries: Entries, k: int, *, threads: int = 1
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return how far the `k` nearest entries are, rising, and which: (n, k) each."""
        ...

    def similarities(self, probe: Entries, entries: Entries) -> Floats:
        """Return (n,) cosines, −1..1, of (n, w) entries and one probe (w,)."""
        ...

    def rough(self, probe: Entries, entries: Entries) -> Floats:
        """Return (n,) how far entries are from one probe, as quickly as can be."""
        ...

    def middles(self, entries: Entries, owners: NDArray[np.int64], count: int) -> Entries:
        """Return (count, w): the middle of the entries of each owner; of none, any."""
        ...


class CodeLikeness:
    """Compares protected codes."""

    slack = 0.0

    def scan(
        self, probes: Entries, entries: Entries, k: int, *, threads: int = 1
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return in how many bits the `k` nearest codes differ, rising, and which they are."""
        import faiss

        faiss.omp_set_num_threads(threads)  # counts for the calling thread
        apart, rows = faiss.knn_hamming(_codes(probes), _codes(entries), k)
        return apart.astype(np.float64), rows

    def similarities(self, probe: Entries, entries: Entries) -> Floats:
        """Return (n,) cosines that the codes stand for on average."""
        return cosines(self.rough(probe, entries).astype(np.int64))

    def rough(self, probe: Entries, entries: Entries) -> Floats:
        """Return in how many bits codes differ."""
        unlike = np.bitwise_count(_words(probe[None]) ^ _words(entries))
        apart: Floats = unlike @ np.ones(unlike.shape[1], np.float32)
        return apart

    def middles(self, entries: Entries, owners: NDArray[np.int64], count: int) -> Entries:
        """Return the code that has each bit as most codes of the owner have it."""
        order, sums = np.argsort(owners, kind="stable"), np.zeros((count, BITS), np.int32)
        for start in range(0, len(order), _AT_ONCE):
            part = order[start : start + _AT_ONCE]
            bits = np.unpackbits(_codes(entries)[part], axis=1)
            firsts = _firsts(owners[part])
            sums[owners[part][firsts]] += np.add.reduceat(bits, firsts, axis=0, dtype=np.int32)
        return np.packbits(2 * sums > np.bincount(owners, minlength=count)[:, None], axis=1)


class VectorLikeness:
    """Compares vectors of length 1."""

    slack = _ROUNDING

    def scan(
        self, probes: Entries, entries: Entries, k: int, *, threads: int = 1
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the negative inner products of the `k` nearest, rising, and which they are."""
        import faiss

        faiss.omp_set_num_threads(threads)
        found, rows = faiss.knn(probes, entries, k, metric=faiss.METRIC_INNER_PRODUCT)
        return -found.astype(np.float64), rows

    def similarities(self, probe: Entries, entries: Entries) -> Floats:
        """Return (n,) cosines; each one the same wherever its entry lies."""
        products = entries.astype(np.float64) * probe
        return cast("Floats", np.clip(products.sum(axis=1), -1, 1).astype(np.float32))

    def rough(self, probe: Entries, entries: Entries) -> Floats:
        """Return negative inner products."""
        return cast("Floats", -(entries @ probe))

    def middles(self, entries: Entries, owners: NDArray[np.int64], count: int) -> Entries:
        """Return the mean direction of the vectors of each owner."""
        order, sums = np.argsort(owners, kind="stable"), np.zeros((count, entries.shape[1]))
        for start in range(0, len(order), _AT_ONCE):
            part = order[start : start + _AT_ONCE]
            firsts = _firsts(owners[part])
            sums[owners[part][firsts]] += np.add.reduceat(entries[part], firsts, axis=0)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        return (sums / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def likeness_of(*, codes: bool) -> Likeness:
    """Return how entries are compared."""
    return CodeLikeness() if codes else VectorLikeness()


def cosines(apart: NDArray[np.int64] | Sequence[int]) -> Floats:
    """Return the cosines that codes differing in so many bits stand for on average."""
    return _COSINES[np.asarray(apart, np.int64)]


def all_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _codes(entries: Entries) -> NDArray[np.uint8]:
    """Return entries as what they are in a protected space."""
    return cast("NDArray[np.uint8]", entries)


def _words(codes: Entries) -> NDArray[np.uint64]:
    return np.ascontiguousarray(codes).view(np.uint64)


def _firsts(sorted_owners: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return where in a sorted array each value comes first."""
    return np.flatnonzero(np.diff(sorted_owners, prepend=-1))
