"""How sure a measured figure is: 95 % intervals."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Z95 = 1.959963984540054
"""97.5 % point of the normal distribution."""

RESAMPLES = 500
Interval = tuple[float, float]


def wilson(hits: int, trials: int) -> Interval:
    """Return Wilson's 95 % score interval of a proportion.

    Args:
        hits: How often it held, 0..trials.
        trials: How often it was tried, at least 1.
    """
    rate = hits / trials
    spread = Z95 * math.sqrt(rate * (1 - rate) / trials + (Z95 / (2 * trials)) ** 2)
    middle, scale = rate + Z95**2 / (2 * trials), 1 + Z95**2 / trials
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def bootstrap(
    figure: Callable[[np.random.Generator], NDArray[np.float64]], seed: int = 0
) -> NDArray[np.float64]:
    """Return the 2.5 % and 97.5 % points of a figure over resamples of the data.

    Args:
        figure: Draws one resample with the generator it is given and returns its figures, (k,).
        seed: Of the generator: the same data always give the same interval.

    Returns:
        (2, k) float64, lower and upper ends; NaN figures are left out.
    """
    generator = np.random.default_rng(seed)
    drawn = np.stack([figure(generator) for _ in range(RESAMPLES)])
    return np.nanpercentile(drawn, [2.5, 97.5], axis=0)
