"""Closeups: each face cut out once and upright, with its mesh, for all who read its pixels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.core.types import MESH_POINTS, Faces, Floats, Pixels
from visavis.vision.decoders.dlib_resnet import chip_matrices
from visavis.vision.opencv import resize
from visavis.vision.warp import cut, scales, transform

PADDING = 0.4
"""Room around dlib's unit face, in face widths: the forehead up to the hair is in it."""

LARGE = 180
"""Side of what is cut out, pixels. The unit face is 100 of them wide as in the embedder's chip,
whose 150 pixels are its middle."""

SIZE = 128
"""Side of the smaller picture on which quality and expression are judged, pixels."""

MOST_AT_ONCE = 16
"""Faces in one batch: 2.3 MB of closeups."""

_UNIT = LARGE / (1 + 2 * PADDING)
_SCALES = 1e-3, 1e3
"""Closeup pixels per picture pixel that a real face can have; beyond it nothing is cut."""


@dataclass(frozen=True, slots=True)
class Closeups:
    """A batch of faces, seen closely.

    Attributes:
        sources: The picture of each face, (h, w, 3) uint8 RGB.
        faces: The faces, with a mesh: NaN rows where there is none.
        large: (n, 180, 180, 3) uint8 RGB; black beyond the picture's edge.
        images: (n, 128, 128, 3) uint8 RGB, the same smaller.
        mesh: (n, 468, 2) float32, x y in pixels of `images`; NaN rows where there is no mesh.
        visible: (n, 468) bool, whether the point lies on the picture and on the closeup.
        width_px: (n,) float32, width of dlib's unit face in pixels of the picture; NaN where the
            points make no face. In the embedder's 150 px chip it is 100.
    """

    sources: Sequence[Pixels]
    faces: Faces
    large: Pixels
    images: Pixels
    mesh: Floats
    visible: NDArray[np.bool_]
    width_px: Floats

    def __len__(self) -> int:
        return len(self.images)

    @property
    def mesh_there(self) -> Floats:
        """The mesh (n, 468, 3) in pixels of the picture."""
        return np.asarray(self.faces.mesh)

    def middle(self, size: int, padding: float) -> Pixels | None:
        """Return (n, size, size, 3) uint8 RGB: the faces with less room around them.

        Args:
            size: Side, pixels.
            padding: Room around the unit face, in face widths.

        Returns:
            None where that would take more room or finer pixels than were cut out.
        """
        side = round(_UNIT * (1 + 2 * padding))
        if padding > PADDING or size > side:
            return None
        edge = (LARGE - side) // 2
        inner = self.large[:, edge : edge + side, edge : edge + side]
        if size == side:
            return np.ascontiguousarray(inner)
        return np.stack([resize(face, size, size) for face in inner])


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


def widths_of(faces: Faces) -> Floats:
    """Return (n,) float32 the width of dlib's unit face, pixels of the picture; NaN without one."""
    return _widths(chip_matrices(faces, LARGE, PADDING))


def _widths(matrices: Floats) -> Floats:
    scale = scales(matrices)
    usable = np.isfinite(matrices).all(axis=(1, 2)) & (scale > _SCALES[0]) & (scale < _SCALES[1])
    return np.where(usable, _UNIT / np.where(usable, scale, 1), np.nan).astype(np.float32)


def _batch(images: list[Pixels], faces: Faces) -> Closeups:
    matrices = chip_matrices(faces, LARGE, PADDING)
    width = _widths(matrices)
    usable = np.isfinite(width)
    large = np.zeros((len(faces), LARGE, LARGE, 3), np.uint8)
    for i in np.flatnonzero(usable):
        large[i] = cut(images[i], matrices[i], LARGE)
    small = np.stack([resize(face, SIZE, SIZE) for face in large])
    there = np.asarray(faces.mesh)[:, :, :2]
    # Pixel centres: x of the large picture is (x + ½) · 128 / 180 − ½ of the small one.
    mesh = (transform(matrices, there) + 0.5) * (SIZE / LARGE) - 0.5
    ends = np.array([image.shape[1::-1] for image in images])[:, None] - 1
    visible = _within(there, ends) & _within(mesh, SIZE - 1)
    mesh[~usable], visible[~usable] = np.nan, False
    return Closeups(images, faces, large, small, mesh.astype(np.float32), visible, width)


def _within(places: Floats, end: NDArray[np.int_] | int) -> NDArray[np.bool_]:
    """Return (n, 468) whether x and y lie between 0 and `end`."""
    inside: NDArray[np.bool_] = np.all((places >= 0) & (places <= end), axis=2)
    return inside
