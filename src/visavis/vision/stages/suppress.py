"""Non-maximum suppression: of boxes that overlap much, keep the one with the best score."""

import numpy as np
from numpy.typing import NDArray

from visavis.core.types import Floats
from visavis.vision.opencv import strongest_boxes

MOST_CANDIDATES = 5000
"""Work grows with the square of this; a crowd of 1,000 faces gives about 3,000 candidates."""


def suppress(boxes: Floats, scores: Floats, max_iou: float) -> NDArray[np.intp]:
    """Return the indices of the boxes that stay, best score first.

    Args:
        boxes: (n, 4) float32, x1 y1 x2 y2.
        scores: (n,) float32.
        max_iou: Intersection over union above which the weaker box goes, 0..1.
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    corners_and_sides = np.concatenate([boxes[:, :2], sides], axis=1)
    return strongest_boxes(corners_and_sides, scores, max_iou, MOST_CANDIDATES)


def overlaps(a: Floats, b: Floats) -> Floats:
    """Return (n, m) intersection over union of the boxes `a` (n, 4) with the boxes `b` (m, 4)."""
    left_top = np.maximum(a[:, None, :2], b[None, :, :2])
    right_bottom = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.clip(right_bottom - left_top, 0, None).prod(axis=2)
    area_a, area_b = ((box[:, 2:] - box[:, :2]).prod(axis=1) for box in (a, b))
    union = area_a[:, None] + area_b[None] - shared
    iou: Floats = shared / np.maximum(union, np.finfo(np.float32).tiny)
    return iou
