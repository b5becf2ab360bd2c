"""How well found boxes match marked ones: greedy matching, average precision, recall."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from visavis.core.types import Floats

IOU = 0.5
"""Least intersection over union that counts as the same face."""


class Outcome(IntEnum):
    """What a found box turned out to be."""

    WRONG = -1
    IGNORED = 0
    RIGHT = 1


def match(
    iou: NDArray[np.floating], scores: Floats, ignored: NDArray[np.bool_]
) -> NDArray[np.int8]:
    """Match one picture's found boxes to its marked ones.

    The best-scored box chooses first: the face it overlaps most among those not taken yet. A box
    that finds no free face but covers an ignored one is neither right nor wrong; an ignored face
    may be covered any number of times. A second box on a taken face is wrong.

    Args:
        iou: (n, m) overlap of each found with each marked box.
        scores: (n,) confidences.
        ignored: (m,) bool, marked boxes that do not count.

    Returns:
        (n,) int8, an `Outcome` for each found box.
    """
    outcomes = np.full(len(scores), Outcome.WRONG, np.int8)
    if not iou.shape[1]:
        return outcomes
    free = np.where(ignored, -1.0, iou)
    covers_ignored = np.where(ignored, iou, 0.0).max(axis=1) >= IOU
    for box in np.argsort(-scores, kind="stable"):
        face = int(free[box].argmax())
        if free[box, face] >= IOU:
            outcomes[box] = Outcome.RIGHT
            free[:, face] = -1
        elif covers_ignored[box]:
            outcomes[box] = Outcome.IGNORED
    return outcomes


@dataclass(frozen=True, slots=True)
class Ranking:
    """All found boxes of a data set from the best score to the worst, those ignored left out.

    Attributes:
        scores: (n,) float32, falling.
        right: (n,) bool, whether the box is a face.
        picture: (n,) int64, index of the picture it was found on.
        wanted: (p,) int64, how many faces each picture holds.
    """

    scores: Floats
    right: NDArray[np.bool_]
    picture: NDArray[np.int64]
    wanted: NDArray[np.int64]


def rank(
    scores: list[Floats], outcomes: list[NDArray[np.int8]], wanted: NDArray[np.int64]
) -> Ranking:
    """Put the matched boxes of all pictures into one order; one entry a picture in each list."""
    picture = np.repeat(np.arange(len(scores)), [len(s) for s in scores])
    all_scores = np.concatenate([np.zeros(0, np.float32), *scores])
    outcome = np.concatenate([np.zeros(0, np.int8), *outcomes])
    order = np.argsort(-all_scores, kind="stable")
    order = order[outcome[order] != Outcome.IGNORED]
    return Ranking(all_scores[order], outcome[order] == Outcome.RIGHT, picture[order], wanted)


def average_precision(ranking: Ranking, weights: NDArray[np.int64] | None = None) -> float:
    """Return the area under the precision envelope over recall (all points), 0..1.

    Boxes of equal score enter together, so the order of the pictures does not matter.

    Args:
        ranking: The matched boxes.
        weights: (p,) how often each picture counts (for a bootstrap); once each when None.

    Returns:
        The area; NaN when no face is wanted.
    """
    counts = np.ones(len(ranking.wanted), np.int64) if weights is None else weights
    total = int((counts * ranking.wanted).sum())
    if not total:
        return float("nan")
    if not len(ranking.scores):
        return 0.0
    each = counts[ranking.picture]
    ends = np.append(np.diff(ranking.scores) != 0, True)
    right = np.cumsum(each * ranking.right)[ends]
    seen = np.cumsum(each)[ends]
    precision = right / np.maximum(seen, 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(right, prepend=0) * envelope).sum() / total)


def recall_precision(ranking: Ranking, threshold: float) -> tuple[float, float]:
    """Return the share of faces found and of boxes that are faces at a score; NaN for none."""
    kept = ranking.scores >= threshold
    right, wanted = int(ranking.right[kept].sum()), int(ranking.wanted.sum())
    recall = right / wanted if wanted else float("nan")
    return recall, right / int(kept.sum()) if kept.any() else float("nan")
