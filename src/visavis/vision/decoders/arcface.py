"""ArcFace-style embedders: 112 px chips aligned by five points (buffalo_l, AuraFace, SFace).

Contract: input (n, 3, 112, 112) float32 RGB; ArcFace wants (x − 127.5) / 127.5, SFace wants 0..255.
"""

from dataclasses import dataclass

import numpy as np

from visavis.core.types import Faces, Floats, Pixels
from visavis.vision.opencv import tensor
from visavis.vision.warp import similarity

SIZE = 112

TEMPLATE = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ],
    np.float32,
)
"""The five points on the chip, as InsightFace's `face_align` states them."""


@dataclass(frozen=True, slots=True)
class ArcFace:
    """Alignment and input of one ArcFace-style network.

    Attributes:
        mean: Subtracted from each channel, 0..255.
        scale: Then multiplied.
    """

    mean: float = 127.5
    scale: float = 1 / 127.5
    size: int = SIZE

    def align(self, faces: Faces) -> Floats:
        """Return (n, 2, 3) matrices onto 112 px chips, by the five points."""
        return similarity(faces.points, TEMPLATE)

    def prepare(self, chips: list[Pixels]) -> Floats:
        """Return (n, 3, 112, 112) float32, normalised as the network wants it."""
        return tensor(chips, mean=self.mean, scale=self.scale)
