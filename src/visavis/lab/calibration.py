"""Calibration: whether a probability means what it says, and when to answer `unknown`."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from visavis.core.types import Floats

BINS = 15
"""Of the calibration error, as in Guo et al., 2017."""

TEMPERATURES = (0.05, 20.0)
"""Where the temperature is searched; a network needs about 0.5 to 3."""

TARGET_ACCURACY = 0.95
"""What the answers that are given shall reach …"""

MOST_WITHHELD = 0.1
"""… without answering `unknown` about more than this share of the faces."""

_GOLDEN = (math.sqrt(5) - 1) / 2
_STEPS = 60
"""Each leaves 62 % of the range: 60 leave less than 1e-11 of it."""


def ece(probabilities: Floats, truth: NDArray[np.int64], bins: int = BINS) -> float:
    """Return the expected calibration error of the best class, 0 (honest) .. 1.

    Faces are put into bins of equal width by the probability p of their best class, (0, 1/bins],
    …; the error is the mean over faces of |mean p − share answered rightly| of their bin
    (Guo et al., 2017: On calibration of modern neural networks).

    Args:
        probabilities: (n, classes), rows sum to 1; n at least 1.
        truth: (n,) class index.
        bins: How many.
    """
    best = np.clip(probabilities.max(axis=1).astype(np.float64), 0, 1)
    right = probabilities.argmax(axis=1) == truth
    place = np.clip(np.ceil(best * bins).astype(np.int64) - 1, 0, bins - 1)
    claimed = np.bincount(place, best, minlength=bins)
    kept = np.bincount(place, right, minlength=bins)
    return float(np.abs(claimed - kept).sum() / len(truth))


def fit_temperature(logits: Floats, truth: NDArray[np.int64]) -> float:
    """Return the number to divide logits by so that their softmax is most likely, 0.05 .. 20.

    The mean negative log-likelihood has one minimum over the temperature; a golden-section search
    over its logarithm finds it.

    Args:
        logits: (n, classes); n at least 1.
        truth: (n,) class index.
    """
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=1, keepdims=True)
    of_truth = wide[np.arange(len(truth)), truth]

    def loss(log_temperature: float) -> float:
        scale = math.exp(-log_temperature)
        sums = np.log(np.exp(wide * scale).sum(axis=1))
        return float((sums - of_truth * scale).mean())

    low, high = map(math.log, TEMPERATURES)
    return math.exp(_lowest(loss, low, high))


def unknown_limit(
    probabilities: Floats,
    truth: NDArray[np.int64],
    target: float = TARGET_ACCURACY,
    most_withheld: float = MOST_WITHHELD,
) -> float:
    """Return the probability of the best class below which the answer is `unknown`, 0..1.

    It is the lowest at which the answers that are given reach the target accuracy. Where that
    takes more `unknown` than allowed, it is the highest that is allowed: then the answers about the
    least sure faces are withheld, and no more can be had.

    Args:
        probabilities: (n, classes) calibrated, of faces that were not trained on; n at least 1.
        truth: (n,) class index.
        target: Accuracy wanted of the answers that are given, 0..1.
        most_withheld: Largest share of faces to answer `unknown` about, 0..1.
    """
    limits, given, accuracy = risk_coverage(probabilities, truth)
    allowed = given >= 1 - most_withheld
    good = allowed & (accuracy >= target)
    chosen = np.flatnonzero(good)[0] if good.any() else np.flatnonzero(allowed)[-1]
    return 0.0 if chosen == 0 else float(limits[chosen])


def risk_coverage(
    probabilities: Floats, truth: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return, for each limit that makes a difference, how much is answered and how well.

    Returns:
        (k,) limits, rising, the first answers every face; (k,) share of faces answered, falling;
        (k,) accuracy of those answers.
    """
    best = probabilities.max(axis=1).astype(np.float64)
    order = np.argsort(best, kind="stable")
    best, right = best[order], (probabilities.argmax(axis=1) == truth)[order]
    starts = np.flatnonzero(np.diff(best, prepend=-1.0))
    answered = len(truth) - starts
    kept = right[::-1].cumsum()[::-1][starts]
    return best[starts], answered / len(truth), kept / answered


def _lowest(loss: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function with one minimum is lowest (golden-section search)."""
    a, b = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_a, at_b = loss(a), loss(b)
    for _ in range(_STEPS):
        if at_a <= at_b:
            high, b, at_b = b, a, at_a
            a = high - _GOLDEN * (high - low)
            at_a = loss(a)
        else:
            low, a, at_a = a, b, at_b
            b = low + _GOLDEN * (high - low)
            at_b = loss(b)
    return (low + high) / 2
