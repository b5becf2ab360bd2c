"""YuNet (OpenCV Zoo, 2023): boxes from class and objectness at strides 8, 16 and 32.

Contract: BGR 0..255, sides multiples of 32. Twelve outputs, each (1, cells, c), grouped by kind:
class (1), objectness (1), box (4: x y of the centre from the cell, log width and height, all in
strides), points (10: x y from the cell, in strides); within a kind by stride.
"""

import numpy as np

from visavis.core.types import Floats, Pixels
from visavis.vision.decoders.base import Candidates
from visavis.vision.decoders.grid import cells, joined
from visavis.vision.opencv import tensor

STRIDES = (8, 16, 32)


class YuNetDecoder:
    """Decoder of the YuNet graph (see the module's contract)."""

    stride = 32

    def prepare(self, canvas: Pixels) -> Floats:
        """Return (1, 3, h, w) float32, BGR 0..255."""
        return tensor([canvas], bgr=True)

    def decode(self, outputs: list[Floats], threshold: float, shape: tuple[int, int]) -> Candidates:
        """Read the cells that score enough: the geometric mean of class and objectness."""
        parts = []
        for i, stride in enumerate(STRIDES):
            kinds = (outputs[i + 3 * k].reshape(-1, width) for k, width in enumerate((1, 1, 4, 10)))
            label, objectness, box, offsets = kinds
            scores = np.sqrt(np.clip(label, 0, 1) * np.clip(objectness, 0, 1))[:, 0]
            good = np.flatnonzero(scores >= threshold)
            corner = cells(shape, stride)[good]
            centre, half = (corner + box[good, :2]) * stride, np.exp(box[good, 2:]) * stride / 2
            points = (corner[:, None] + offsets[good].reshape(-1, 5, 2)) * stride
            boxes = np.concatenate([centre - half, centre + half], axis=1)
            parts.append(Candidates(boxes, scores[good], points))
        return joined(parts)
