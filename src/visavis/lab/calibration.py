"""Calibration: whether a probability means what it says, and when to answer `unknown`."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.core.types import Floats

BINS = 15
"""Of the calibration error, as in Guo et al., 2017."""

TEMPERATURES = (0.05, 20.0)
"""Where the temperature is searched; a network needs about 0.5 to 3."""

POWERS = (0.5, 3.0)
"""Where the power is searched; 1 leaves probabilities as the temperature alone makes them."""

TARGET_ACCURACY = 0.95
"""What the answers that are given shall reach …"""

MOST_WITHHELD = 0.1
"""… without answering `unknown` about more than this share of the faces."""

_GOLDEN = (math.sqrt(5) - 1) / 2
_STEPS = 60
"""Each leaves 62 % of the range: 60 leave less than 1e-11 of it."""

_STEPS_OF_POWER = 20
"""These leave 1e-4 of its range: more would fit the faces it is measured on, not faces."""


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
    place = _bin_of(best, bins)
    claimed = np.bincount(place, best, minlength=bins)
    kept = np.bincount(place, right, minlength=bins)
    return float(np.abs(claimed - kept).sum() / len(truth))


def ece_by_chance(probabilities: Floats, bins: int = BINS) -> float:
    """Return the calibration error that perfectly honest probabilities would show on average.

    Of k faces whose best class has probability p, a share near p is answered rightly, not p itself:
    the hits of a bin spread by the root of Σ p (1 − p), and a normal's mean distance from its
    middle is √(2/π) of its spread. The error comes near 0 only for very many faces.

    Args:
        probabilities: (n, classes), rows sum to 1; n at least 1.
        bins: How many, as in `ece`.
    """
    best = np.clip(probabilities.max(axis=1).astype(np.float64), 0, 1)
    spread = np.sqrt(np.bincount(_bin_of(best, bins), best * (1 - best), minlength=bins))
    return float(math.sqrt(2 / math.pi) * spread.sum() / len(best))


def _bin_of(best: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    return np.clip(np.ceil(best * bins).astype(np.int64) - 1, 0, bins - 1)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How logits become honest probabilities: the softmax of −(−log softmax)^power / temperature.

    With power 1 this is temperature scaling (Guo et al., 2017), which makes all answers more or
    less sure together. The power makes sure ones surer and unsure ones less so, or the reverse: a
    network that learned from mixed pictures and softened labels needs that. The order of the
    classes stays.

    Attributes:
        temperature: Above 0.
        power: Above 0.
    """

    temperature: float
    power: float = 1.0

    def __call__(self, logits: Floats) -> Floats:
        """Return (n, classes) float32 probabilities of (n, classes) logits."""
        return _softmax(_bent(logits, self.power) / self.temperature).astype(np.float32)


def fit_calibration(logits: Floats, truth: NDArray[np.int64]) -> Calibration:
    """Return the calibration under which the truth is most likely.

    Args:
        logits: (n, classes); n at least 1.
        truth: (n,) class index.
    """

    def loss(log_power: float) -> float:
        bent = _bent(logits, math.exp(log_power))
        return _loss(bent, truth, fit_temperature(bent, truth))

    low, high = map(math.log, POWERS)
    power = math.exp(_lowest(loss, low, high, _STEPS_OF_POWER))
    return Calibration(fit_temperature(_bent(logits, power), truth), power)


def fit_temperature(logits: NDArray[Any], truth: NDArray[np.int64]) -> float:
    """Return the number to divide logits by so that their softmax is most likely, 0.05 .. 20.

    The mean negative log-likelihood has one minimum over the temperature; a golden-section search
    over its logarithm finds it.

    Args:
        logits: (n, classes); n at least 1.
        truth: (n,) class index.
    """
    wide = logits.astype(np.float64)

    def loss(log_temperature: float) -> float:
        return _loss(wide, truth, math.exp(log_temperature))

    low, high = map(math.log, TEMPERATURES)
    return math.exp(_lowest(loss, low, high))


def _loss(logits: NDArray[Any], truth: NDArray[np.int64], temperature: float) -> float:
    """Return the mean negative log-likelihood of the truth."""
    logs = _log_softmax(logits / temperature)
    return float(-logs[np.arange(len(truth)), truth].mean())


def _bent(logits: NDArray[Any], power: float) -> NDArray[np.float64]:
    """Return −(−log softmax)^power, (n, classes)."""
    bent: NDArray[np.float64] = -(np.maximum(-_log_softmax(logits), 0) ** power)
    return bent


def _log_softmax(logits: NDArray[Any]) -> NDArray[np.float64]:
    wide = logits.astype(np.float64)
    wide = wide - wide.max(axis=1, keepdims=True)
    logs: NDArray[np.float64] = wide - np.log(np.exp(wide).sum(axis=1, keepdims=True))
    return logs


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.exp(_log_softmax(logits))


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


def _lowest(loss: Callable[[float], float], low: float, high: float, steps: int = _STEPS) -> float:
    """Return where a function with one minimum is lowest (golden-section search)."""
    a, b = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_a, at_b = loss(a), loss(b)
    for _ in range(steps):
        if at_a <= at_b:
            high, b, at_b = b, a, at_a
            a = high - _GOLDEN * (high - low)
            at_a = loss(a)
        else:
            low, a, at_a = a, b, at_b
            b = low + _GOLDEN * (high - low)
            at_b = loss(b)
    return (low + high) / 2
