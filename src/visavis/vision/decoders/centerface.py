"""CenterFace: a heat map of face centres with size, offset and five points at each (stride 4).

Contract: RGB 0..255 without mean, NCHW, sides multiples of 32. Outputs, each (1, c, h/4, w/4):
heat map (1), log size (height, width), offset (y, x), points (5 × (y, x), in units of the box).
"""

import numpy as np

from visavis.core.types import Floats, Pixels
from visavis.vision.decoders.base import Candidates
from visavis.vision.opencv import tensor

CELL = 4
"""Pixels of the input under one cell of the heat map."""


class CenterFaceDecoder:
    """Decoder of the CenterFace graph (see the module's contract)."""

    stride = 32

    def prepare(self, canvas: Pixels) -> Floats:
        """Return (1, 3, h, w) float32, RGB 0..255."""
        return tensor([canvas])

    def decode(
        self,
        outputs: list[Floats],
        threshold: float,
        shape: tuple[int, int],  # noqa: ARG002  the heat map has the shape already
    ) -> Candidates:
        """Read the cells whose heat is at least `threshold`."""
        heat, size, offset, points = (output[0] for output in outputs)
        rows, columns = np.nonzero(heat[0] >= threshold)
        height, width = np.exp(size[:, rows, columns]) * CELL
        offset_y, offset_x = offset[:, rows, columns]
        left = (columns + offset_x + 0.5) * CELL - width / 2
        top = (rows + offset_y + 0.5) * CELL - height / 2
        boxes = np.stack([left, top, left + width, top + height], axis=1)
        y, x = points[:, rows, columns].reshape(5, 2, -1).transpose(1, 0, 2)
        spots = np.stack([x * width + left, y * height + top], axis=2).transpose(1, 0, 2)
        return Candidates(
            boxes.astype(np.float32), heat[0, rows, columns], spots.astype(np.float32)
        )
