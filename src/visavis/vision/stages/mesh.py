"""Mesh: 468 points of the face's surface, for each detected face."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from visavis.core.types import MESH_POINTS, Faces, Floats, Pixels
from visavis.vision.engines.onnx_engine import OnnxEngine
from visavis.vision.opencv import tensor
from visavis.vision.warp import cut, from_complex, invert, scales, transform

SIZE = 192
"""Side of the square input, pixels (MediaPipe Face Mesh)."""

MARGIN = 1.5
"""Side of the crop in units of the box's longer side (MediaPipe's own region of interest)."""

LEAST_PRESENCE = 0.5
"""Below this probability there is no face under the mesh, and the face goes without one."""

MOST_AT_ONCE = 2
"""Faces in one run: on a CPU more are slower a face (measured: 1.9 ms alone, 2.3 ms by eights)."""


POINTS_BY_MESH = ((33, 133), (362, 263), (1,), (61,), (291,))
"""Mesh points whose mean is each of the five points: corners of the eyes, tip of the nose, corners
of the mouth; left and right as seen in the picture."""


def points_of(mesh: Floats) -> Floats:
    """Return the five points (n, 5, 2) of each mesh (n, 468, 3): finer than the detector's own."""
    means = [mesh[:, picks, :2].mean(axis=1) for picks in POINTS_BY_MESH]
    return np.stack(means, axis=1)


def crops_of(faces: Faces) -> Floats:
    """Return (n, 2, 3) matrices to the mesh's crops: 1.5 × the longer side, eyes level."""
    boxes = faces.boxes
    centre = (boxes[:, 0] + boxes[:, 2] + 1j * (boxes[:, 1] + boxes[:, 3])) / 2
    side = MARGIN * np.maximum((boxes[:, 2:] - boxes[:, :2]).max(axis=1), 1)
    eyes = faces.points[:, 1] - faces.points[:, 0]
    tilt = np.exp(-1j * np.arctan2(eyes[:, 1], eyes[:, 0]))
    turn = tilt * SIZE / side
    return from_complex(turn, SIZE / 2 * (1 + 1j) - turn * centre)


@dataclass(frozen=True, slots=True)
class Mesh:
    """Lays the mesh on faces.

    Attributes:
        engine: Runs a graph with input (n, 3, 192, 192) RGB 0..1 and outputs (n, 468, 3) in crop
            pixels and (n, 1) presence as a logit.
    """

    engine: OnnxEngine

    def __call__(self, pairs: list[tuple[Pixels, Faces]]) -> list[Faces]:
        """Return the faces of each picture with `mesh`, `mesh_scores` and finer `points`.

        Faces on which no mesh fits are kept, with the detector's points; their mesh rows are NaN.
        """
        matrices = [crops_of(faces) for _, faces in pairs]
        crops = (
            cut(image, matrix, SIZE)
            for (image, _), of_picture in zip(pairs, matrices, strict=True)
            for matrix in of_picture
        )
        points, scores = self._run(crops)
        points = _to_picture(np.concatenate(matrices), points)
        points[scores < LEAST_PRESENCE] = np.nan
        ends = np.cumsum([len(faces) for _, faces in pairs])[:-1]
        parts = zip(pairs, np.split(points, ends), np.split(scores, ends), strict=True)
        return [
            faces.with_mesh(mesh, score).with_points(points_of(mesh))
            for (_, faces), mesh, score in parts
        ]

    def _run(self, crops: Iterator[Pixels]) -> tuple[Floats, Floats]:
        """Cut and run a few at a time: all crops of a crowd would be tens of megabytes."""
        points, logits = [np.zeros((0, MESH_POINTS, 3), np.float32)], [np.zeros(0, np.float32)]
        while batch := list(islice(crops, MOST_AT_ONCE)):
            mesh, presence = self.engine.run(tensor(batch, scale=1 / 255))
            points.append(mesh.reshape(-1, MESH_POINTS, 3))
            logits.append(presence.reshape(-1))
        scores = 1 / (1 + np.exp(-np.concatenate(logits)))
        return np.concatenate(points), scores.astype(np.float32)


def _to_picture(matrices: Floats, points: Floats) -> Floats:
    """Map crop points (n, 468, 3) to picture pixels; depth keeps the scale of x and y."""
    flat = transform(invert(matrices), points[:, :, :2])
    depth = points[:, :, 2:] / scales(matrices)[:, None, None]
    return np.concatenate([flat, depth], axis=2)
