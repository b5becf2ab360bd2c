"""Years from age bins: the expected age, and the years between which it lies."""

import numpy as np

from visavis.core.attributes import AGE_EDGES
from visavis.core.types import Floats

_EDGES = np.array(AGE_EDGES, np.float64)

AGE_CENTRES: Floats = ((_EDGES[1:] + _EDGES[:-1]) / 2).astype(np.float32)
"""(9,) float32, years: the middle of each bin, the last one as far as `AGE_EDGES` takes it."""


def expected_age(probabilities: Floats) -> Floats:
    """Return the mean age that bin probabilities tell of.

    Args:
        probabilities: (n, 9), rows sum to 1, in the order of `AGE_BINS`.

    Returns:
        (n,) float32, years: the centres weighted by the probabilities.
    """
    return (probabilities @ AGE_CENTRES).astype(np.float32)


def age_interval(probabilities: Floats, share: float = 0.8) -> tuple[Floats, Floats]:
    """Return the years between which the middle `share` of the probability lies.

    Ages are taken to be spread evenly inside a bin; as much lies below the interval as above.

    Args:
        probabilities: (n, 9), rows sum to 1, in the order of `AGE_BINS`.
        share: Of the probability, 0..1.

    Returns:
        Lower and upper ends, (n,) float32 each, years.
    """
    return _quantile(probabilities, (1 - share) / 2), _quantile(probabilities, (1 + share) / 2)


def _quantile(probabilities: Floats, level: float) -> Floats:
    """Return the age (n,) below which the share `level` of the probability lies."""
    sums = np.cumsum(probabilities, axis=1, dtype=np.float64)
    sums = np.pad(sums / sums[:, -1:], ((0, 0), (1, 0)))
    place = np.minimum((sums[:, 1:] < level).sum(axis=1), len(AGE_CENTRES) - 1)
    rows = np.arange(len(sums))
    low, high = sums[rows, place], sums[rows, place + 1]
    inside = np.clip((level - low) / np.maximum(high - low, np.finfo(np.float64).tiny), 0, 1)
    years = _EDGES[place] + inside * (_EDGES[place + 1] - _EDGES[place])
    return np.asarray(years, np.float32)
