"""SCRFD (InsightFace `det_10g` and its family): anchor-free boxes at strides 8, 16 and 32.

Contract: RGB, (x − 127.5) / 128, sides multiples of 32. Nine outputs: scores (cells·2, 1) for each
stride, then box distances (cells·2, 4: left, top, right, bottom in strides), then points
(cells·2, 10: x y from the cell, in strides). Two anchors share each cell's corner.
"""

import numpy as np

from visavis.core.types import Floats, Pixels
from visavis.vision.decoders.base import Candidates
from visavis.vision.decoders.grid import cells, joined
from visavis.vision.opencv import tensor

STRIDES = (8, 16, 32)
ANCHORS = 2


class ScrfdDecoder:
    """Decoder of the SCRFD graphs with points (see the module's contract)."""

    stride = 32

    def prepare(self, canvas: Pixels) -> Floats:
        """Return (1, 3, h, w) float32, RGB, about −1..1."""
        return tensor([canvas], mean=127.5, scale=1 / 128)

    def decode(self, outputs: list[Floats], threshold: float, shape: tuple[int, int]) -> Candidates:
        """Read the anchors that score at least `threshold`."""
        parts = []
        for i, stride in enumerate(STRIDES):
            scores, distances, offsets = (
                outputs[i + 3 * k].reshape(-1, width) for k, width in enumerate((1, 4, 10))
            )
            good = np.flatnonzero(scores[:, 0] >= threshold)
            corner = np.repeat(cells(shape, stride), ANCHORS, axis=0)[good] * stride
            reach = distances[good] * stride
            boxes = np.concatenate([corner - reach[:, :2], corner + reach[:, 2:]], axis=1)
            points = corner[:, None] + offsets[good].reshape(-1, 5, 2) * stride
            parts.append(Candidates(boxes, scores[good, 0], points))
        return joined(parts)
