"""Closeups: each face at one size and upright, with its mesh, for those who read its pixels."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.core.types import MESH_POINTS, Faces, Floats, Pixels
from visavis.vision.decoders.dlib_resnet import chip_matrices
from visavis.vision.warp import cut, scales, transform

SIZE = 128
"""Side of a closeup, pixels."""

PADDING = 0.4
"""Room around dlib's unit face, in face widths: the forehead up to the hair is in it."""

UNIT = SIZE / (1 + 2 * PADDING)
"""Width of dlib's unit face (temple to temple) in a closeup, pixels."""

MOST_AT_ONCE = 16
"""Faces in one batch: 0.8 MB of closeups."""

_SCALES = 1e-3, 1e3
"""Closeup pixels per picture pixel that a real face can have; beyond it nothing is cut."""


@dataclass(frozen=True, slots=True)
class Closeups:
    """A batch of faces of one picture, seen closely.

    Attributes:
        faces: The faces.
        images: (n, 128, 128, 3) uint8 RGB; black beyond the picture's edge.
        mesh: (n, 468, 2) float32, x y in closeup pixels; NaN rows where there is no mesh.
        visible: (n, 468) bool, whether the point lies on the picture and on the closeup.
        width_px: (n,) float32, width of dlib's unit face in pixels of the picture; NaN where the
            points make no face. In the embedder's 150 px chip it is 100.
    """

    faces: Faces
    images: Pixels
    mesh: Floats
    visible: NDArray[np.bool_]
    width_px: Floats


def closeups(image: Pixels, faces: Faces) -> Iterator[Closeups]:
    """Yield closeups of the faces, a few at a time and in order."""
    for start in range(0, len(faces), MOST_AT_ONCE):
        yield _batch(image, faces.select(slice(start, start + MOST_AT_ONCE)))


def _batch(image: Pixels, faces: Faces) -> Closeups:
    matrices = chip_matrices(faces, SIZE, PADDING)
    scale = scales(matrices)
    usable = np.isfinite(matrices).all(axis=(1, 2)) & (scale > _SCALES[0]) & (scale < _SCALES[1])
    images = np.zeros((len(faces), SIZE, SIZE, 3), np.uint8)
    for i in np.flatnonzero(usable):
        images[i] = cut(image, matrices[i], SIZE)
    mesh, visible = _mesh_within(faces, matrices, image.shape[1::-1])
    mesh[~usable], visible[~usable] = np.nan, False
    width = np.full(len(faces), np.nan, np.float32)
    width[usable] = UNIT / scale[usable]
    return Closeups(faces, images, mesh, visible, width)


def _mesh_within(
    faces: Faces, matrices: Floats, picture: tuple[int, ...]
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the mesh in closeup pixels, and which points can be seen there."""
    if faces.mesh is None:
        empty = np.full((len(faces), MESH_POINTS, 2), np.nan, np.float32)
        return empty, np.zeros(empty.shape[:2], bool)
    flat = faces.mesh[:, :, :2]
    mesh = transform(matrices, flat)
    last = np.array(picture) - 1
    inside = (flat >= 0) & (flat <= last) & (mesh >= 0) & (mesh <= SIZE - 1)
    visible: NDArray[np.bool_] = np.all(inside, axis=2)
    return mesh, visible
