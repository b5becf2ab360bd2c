"""Our own small embedder: 96 px chips, 128 numbers a face, aligned as for dlib's network.

Contract: input (n, 3, 96, 96) float32, RGB 0..255 (the graph normalises); output (n, 128).
"""

from visavis.core.types import Faces, Floats, Pixels
from visavis.vision.decoders.dlib_resnet import chip_matrices
from visavis.vision.opencv import tensor

SIZE = 96

PADDING = 0.125
"""Room around the unit face, in face widths: half of what the default embedder has, so that the
face itself is seen nearly as large with 41 % of the pixels."""


class Lite:
    """Alignment and input of the small network (see the module's contract)."""

    size = SIZE

    def align(self, faces: Faces) -> Floats:
        """Return (n, 2, 3) matrices onto 96 px chips: by the mesh, else by the points."""
        return chip_matrices(faces, SIZE, PADDING)

    def prepare(self, chips: list[Pixels]) -> Floats:
        """Return (n, 3, 96, 96) float32, RGB 0..255."""
        return tensor(chips)
