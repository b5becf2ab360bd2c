"""Closeups: each face at one size and upright, with its mesh, for those who read its pixels."""

from collections.abc import Iterator, Sequence
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
    """A batch of faces, seen closely.

    Attributes:
        images: (n, 128, 128, 3) uint8 RGB; black beyond the picture's edge.
        mesh: (n, 468, 2) float32, x y in closeup pixels; NaN rows where there is no mesh.
        visible: (n, 468) bool, whether the point lies on the picture and on the closeup.
        width_px: (n,) float32, width of dlib's unit face in pixels of the picture; NaN where the
            points make no face. In the embedder's 150 px chip it is 100.
        mesh_there: (n, 468, 3) float32, the mesh in pixels of the picture.
    """

    images: Pixels
    mesh: Floats
    visible: NDArray[np.bool_]
    width_px: Floats
    mesh_there: Floats

    def __len__(self) -> int:
        return len(self.images)


def together(pairs: Sequence[tuple[Pixels, Faces]]) -> Faces:
    """Return the faces of all pictures in one, with a mesh: NaN where there is none."""
    every = [Faces.none(), *(faces for _, faces in pairs)]
    boxes, scores, points = (
        np.concatenate([getattr(faces, name) for faces in every])
        for name in ("boxes", "scores", "points")
    )
    meshes = [
        np.full((len(faces), MESH_POINTS, 3), np.nan, np.float32) if mesh is None else mesh
        for faces in every
        for mesh in (faces.mesh,)
    ]
    return Faces(boxes, scores, points).with_mesh(np.concatenate(meshes), scores)


def closeups(pairs: Sequence[tuple[Pixels, Faces]]) -> Iterator[Closeups]:
    """Yield closeups of the faces of all pictures, a few at a time and in order."""
    faces = together(pairs)
    images = [image for image, of_picture in pairs for _ in range(len(of_picture))]
    for start in range(0, len(faces), MOST_AT_ONCE):
        part = slice(start, start + MOST_AT_ONCE)
        yield _batch(images[part], faces.select(part))


def _batch(images: list[Pixels], faces: Faces) -> Closeups:
    matrices = chip_matrices(faces, SIZE, PADDING)
    scale = scales(matrices)
    usable = np.isfinite(matrices).all(axis=(1, 2)) & (scale > _SCALES[0]) & (scale < _SCALES[1])
    chips = np.zeros((len(faces), SIZE, SIZE, 3), np.uint8)
    for i in np.flatnonzero(usable):
        chips[i] = cut(images[i], matrices[i], SIZE)
    there = np.asarray(faces.mesh)
    mesh = transform(matrices, there[:, :, :2])
    ends = np.array([image.shape[1::-1] for image in images])[:, None] - 1
    visible = _within(there[:, :, :2], ends) & _within(mesh, SIZE - 1)
    mesh[~usable], visible[~usable] = np.nan, False
    width = np.full(len(faces), np.nan, np.float32)
    width[usable] = UNIT / scale[usable]
    return Closeups(chips, mesh, visible, width, there)


def _within(places: Floats, end: NDArray[np.int_] | int) -> NDArray[np.bool_]:
    """Return (n, 468) whether x and y lie between 0 and `end`."""
    inside: NDArray[np.bool_] = np.all((places >= 0) & (places <= end), axis=2)
    return inside
