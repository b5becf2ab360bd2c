"""Non-maximum suppression: of boxes that overlap much, keep the one with the best score."""

import numpy as np
from numpy.typing import NDArray

from visavis.core.types import Floats

MOST_CANDIDATES = 5000
"""Work grows with the square of this; a crowd of 1,000 faces gives about 3,000 candidates."""


def suppress(boxes: Floats, scores: Floats, max_iou: float) -> NDArray[np.intp]:
    """Return the indices of the boxes that stay, best score first.

    Args:
        boxes: (n, 4) float32, x1 y1 x2 y2.
        scores: (n,) float32.
        max_iou: Intersection over union above which the weaker box goes, 0..1.
    """
    order = np.argsort(-scores, kind="stable")[:MOST_CANDIDATES]
    x1, y1, x2, y2 = boxes[order].T
    areas = (x2 - x1) * (y2 - y1)
    alive = np.ones(len(order), bool)
    for i in range(len(order)):
        if not alive[i]:
            continue
        rest = slice(i + 1, None)
        width = np.minimum(x2[i], x2[rest]) - np.maximum(x1[i], x1[rest])
        height = np.minimum(y2[i], y2[rest]) - np.maximum(y1[i], y1[rest])
        shared = np.maximum(width, 0) * np.maximum(height, 0)
        alive[rest] &= shared <= max_iou * (areas[i] + areas[rest] - shared)
    return order[alive]


def overlaps(a: Floats, b: Floats) -> Floats:
    """Return (n, m) intersection over union of the boxes `a` (n, 4) with the boxes `b` (m, 4)."""
    left_top = np.maximum(a[:, None, :2], b[None, :, :2])
    right_bottom = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.clip(right_bottom - left_top, 0, None).prod(axis=2)
    area_a, area_b = ((box[:, 2:] - box[:, :2]).prod(axis=1) for box in (a, b))
    union = area_a[:, None] + area_b[None] - shared
    iou: Floats = shared / np.maximum(union, np.finfo(np.float32).tiny)
    return iou
