"""dlib's ResNet-29: 150 px chips, 128 numbers a face, aligned by five points of the mesh.

Contract: input (n, 3, 150, 150) float32, RGB 0..255 (the graph normalises); output (n, 128).
"""

import numpy as np

from visavis.core.types import Faces, Floats, Pixels
from visavis.vision.opencv import tensor
from visavis.vision.warp import similarity

SIZE = 150

MESH_CORNERS = (263, 362, 33, 133, 2)
"""Mesh points that stand for dlib's five: the person's left eye outer and inner corner, right eye
outer and inner corner, base of the nose."""

_PADDING = 0.25

_MEAN_SHAPE = np.array(
    [
        [0.8595674595992, 0.2134981538014],
        [0.6460604764104, 0.2289674387677],
        [0.1205750620789, 0.2137274526848],
        [0.3340850613712, 0.2290642403242],
        [0.4901123135679, 0.6277975316475],
    ]
)
"""Mean position of those five points on a unit face, from dlib's `get_face_chip_details`."""

TEMPLATE = ((_MEAN_SHAPE + _PADDING) / (1 + 2 * _PADDING) * SIZE).astype(np.float32)

POINTS_TEMPLATE = np.array(
    [[47.3, 48.3], [102.0, 46.9], [74.8, 79.2], [50.2, 104.1], [97.1, 102.8]], np.float32
)
"""Where the detector's five points lie on a mesh-aligned chip: medians over the development faces
of LFW. Used for faces without a mesh."""


def chip_matrices(faces: Faces, size: int, padding: float) -> Floats:
    """Return (n, 2, 3) matrices onto upright chips: by the mesh, else by the five points.

    Args:
        faces: With points, and the mesh where there is one.
        size: Side of the chip, pixels.
        padding: Room around the unit face, in face widths (the embedder's own: 0.25).
    """
    onto_size = size / (1 + 2 * padding)

    def target(template: Floats) -> Floats:
        unit = template / SIZE * (1 + 2 * _PADDING) - _PADDING
        return ((unit + padding) * onto_size).astype(np.float32)

    matrices = similarity(faces.points, target(POINTS_TEMPLATE))
    if faces.mesh is not None:
        corners = faces.mesh[:, MESH_CORNERS, :2]
        meshed = np.isfinite(corners).all(axis=(1, 2))
        matrices[meshed] = similarity(corners[meshed], target(TEMPLATE))
    return matrices


class DlibResnet:
    """Alignment and input of dlib's network (see the module's contract)."""

    size = SIZE

    def align(self, faces: Faces) -> Floats:
        """Return (n, 2, 3) matrices onto 150 px chips: by the mesh, else by the points."""
        return chip_matrices(faces, SIZE, _PADDING)

    def prepare(self, chips: list[Pixels]) -> Floats:
        """Return (n, 3, 150, 150) float32, RGB 0..255."""
        return tensor(chips)
