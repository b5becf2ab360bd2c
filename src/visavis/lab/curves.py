"""What verification scores are worth: ROC, equal error rate, acceptance at a false-accept rate.

A pair is accepted when its score is at or above the threshold. A pair that could not be compared
has the score −∞: a genuine one is never accepted.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Scores: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Roc:
    """The receiver operating characteristic, from accepting none to accepting all.

    Attributes:
        thresholds: (m,) float64, falling; the first is +∞, the rest are the distinct finite scores.
        far: (m,) float64, share of impostor pairs accepted at each threshold, rising from 0 to 1.
        tar: (m,) float64, share of genuine pairs accepted, rising from 0.
    """

    thresholds: Scores
    far: Scores
    tar: Scores


def roc(genuine: Scores, impostor: Scores) -> Roc:
    """Return the curve of two sets of scores.

    Args:
        genuine: (g,) float64, pairs of the same person, −∞ where not compared; at least one.
        impostor: (i,) float64, pairs of different people, all compared; at least one.
    """
    scores = np.unique(np.concatenate([genuine, impostor]))
    thresholds = np.append(scores[np.isfinite(scores)], np.inf)[::-1]
    return Roc(thresholds, _share_above(impostor, thresholds), _share_above(genuine, thresholds))


def equal_error_rate(curve: Roc) -> float:
    """Return the rate, 0..1, where false accepts meet false rejects, interpolated linearly."""
    gap = curve.far + curve.tar - 1
    after = int(np.argmax(gap >= 0))
    if gap[after] < 0:  # all genuine pairs failed: even accepting everything rejects more
        return float(1 - curve.tar[-1])
    if after == 0:
        return 0.0
    share = -gap[after - 1] / (gap[after] - gap[after - 1])
    return float(curve.far[after - 1] + share * (curve.far[after] - curve.far[after - 1]))


def tar_at_far(curve: Roc, far: float) -> float:
    """Return the largest share of genuine pairs accepted while at most `far` impostors are."""
    return float(curve.tar[np.searchsorted(curve.far, far, side="right") - 1])


def best_threshold(genuine: Scores, impostor: Scores) -> float:
    """Return a threshold that decides the most pairs rightly.

    It lies half-way between two neighbouring scores; of several equally good gaps the middle one.

    Args:
        genuine: (g,) float64, finite or −∞.
        impostor: (i,) float64, finite; one of the two may be empty.
    """
    scores = np.unique(np.concatenate([genuine, impostor]))
    scores = scores[np.isfinite(scores)]
    if not len(scores):
        return 0.0
    middles = scores[:-1] + np.diff(scores) / 2
    between = np.where(middles > scores[:-1], middles, scores[1:])
    cuts = np.concatenate([scores[:1], between, [np.nextafter(scores[-1], np.inf)]])
    right = _count_above(genuine, cuts) - _count_above(impostor, cuts)
    best = np.flatnonzero(right == right.max())
    return float(cuts[best[len(best) // 2]])


def _count_above(scores: Scores, thresholds: Scores) -> NDArray[np.int64]:
    return len(scores) - np.searchsorted(np.sort(scores), thresholds, side="left")


def _share_above(scores: Scores, thresholds: Scores) -> Scores:
    return _count_above(scores, thresholds) / len(scores)
