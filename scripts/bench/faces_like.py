"""Vectors that are spread as faces are, by the million.

Drawn from normal distributions with the covariances of real vectors of `dlib_resnet@1`, between
people and between pictures of one person; `scripts.fit_spread` measured them. Two pictures of one
person have a cosine of 0.67 on average (people of LFW 0.76), those of two people 0.
"""

from pathlib import Path

import numpy as np

from visavis.core.types import Floats

SPREAD = Path(__file__).with_name("faces_like.npz")
AT_ONCE = 100_000


class Crowd:
    """People of whom pictures can be drawn.

    Args:
        count: How many people.
        seed: Of who they are.
    """

    def __init__(self, count: int, seed: int = 5) -> None:
        self._chance = np.random.default_rng(seed)
        with np.load(SPREAD, allow_pickle=False) as spread:
            between, self._within = spread["between"], spread["within"]
        self._people = self._drawn(count, between)

    def pictures(self, start: int = 0, end: int | None = None) -> Floats:
        """Return a new picture (n, d) of each of some people, float32 of length 1."""
        people = self._people[start:end]
        vectors = people + self._drawn(len(people), self._within)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def some(self, who: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> Floats:
        """Return a new picture of each of the people of these numbers."""
        vectors = self._people[who] + self._drawn(len(who), self._within)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def __len__(self) -> int:
        return len(self._people)

    def _drawn(self, count: int, root: Floats) -> Floats:
        drawn = np.empty((count, root.shape[1]), np.float32)
        for start in range(0, count, AT_ONCE):
            size = min(AT_ONCE, count - start)
            normal = self._chance.standard_normal((size, len(root)), np.float32)
            drawn[start : start + size] = normal @ root
        return drawn
