"""A smooth curve that only falls, through points, and straight beyond them.

Between points it is a cubic with the slopes of Fritsch and Butland (1984), which never overshoots;
beyond the last point on either side it goes on with the slope of the last three.
"""

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Heights = TypeVar("Heights", float, NDArray[np.float64])

_STEEPEST = 3.0
"""Times the slope of the neighbouring chord: beyond that a cubic can rise (Fritsch and Carlson)."""

_HALVINGS = 60


@dataclass(frozen=True, slots=True, eq=False)
class FallingCurve:
    """The curve through points.

    Attributes:
        x: (n,) float64, rising strictly; n at least 3.
        y: (n,) float64, falling strictly.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    _slopes: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.x) < 3 or (np.diff(self.x) <= 0).any() or (np.diff(self.y) >= 0).any():
            raise ValueError("a falling curve needs three points or more, each below the last")
        object.__setattr__(self, "_slopes", _slopes(self.x, self.y))

    def at(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the height of the curve at each x."""
        i = np.clip(np.searchsorted(self.x, x) - 1, 0, len(self.x) - 2)
        width = self.x[i + 1] - self.x[i]
        inside = np.clip((x - self.x[i]) / width, 0, 1)
        heights = _cubic(
            inside, self.y[i], self.y[i + 1], width * self._slopes[i], width * self._slopes[i + 1]
        )
        left, right = np.minimum(x - self.x[0], 0), np.maximum(x - self.x[-1], 0)
        found: NDArray[np.float64] = heights + left * self._slopes[0] + right * self._slopes[-1]
        return found

    def where(self, y: float) -> float:
        """Return the x at which the curve has the height y."""
        if y >= self.y[0]:
            return float(self.x[0] + (y - self.y[0]) / self._slopes[0])
        if y <= self.y[-1]:
            return float(self.x[-1] + (y - self.y[-1]) / self._slopes[-1])
        i = bisect_left(self.y, -y, key=lambda height: -height) - 1
        x0, x1, y0, y1 = (float(end) for end in (*self.x[i : i + 2], *self.y[i : i + 2]))
        s0, s1 = ((x1 - x0) * float(slope) for slope in self._slopes[i : i + 2])
        low, high = 0.0, 1.0
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            if _cubic(middle, y0, y1, s0, s1) > y:
                low = middle
            else:
                high = middle
        return x0 + (x1 - x0) * (low + high) / 2


def _cubic(t: Heights, y0: Heights, y1: Heights, s0: Heights, s1: Heights) -> Heights:
    """Return Hermite's cubic at t, 0..1, between two heights with two slopes."""
    u = 1 - t
    return u * u * ((1 + 2 * t) * y0 + t * s0) + t * t * ((1 + 2 * u) * y1 - u * s1)


def _slopes(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the slope at each point: between those of its two chords, nearer the flatter."""
    widths, chords = np.diff(x), np.diff(y) / np.diff(x)
    left, right = 2 * widths[1:] + widths[:-1], widths[1:] + 2 * widths[:-1]
    inner = (left + right) / (left / chords[:-1] + right / chords[1:])
    first = max((y[2] - y[0]) / (x[2] - x[0]), _STEEPEST * chords[0])
    last = max((y[-1] - y[-3]) / (x[-1] - x[-3]), _STEEPEST * chords[-1])
    return np.concatenate([[first], inner, [last]])
