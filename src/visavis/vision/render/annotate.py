"""Annotate: a copy of the picture with the faces drawn in."""

import cv2
import numpy as np

from visavis.core.types import Faces, Floats, Pixels

BOX = (0, 200, 140)
POINT = (255, 255, 255)
MESH = (120, 220, 255)
JPEG_QUALITY = 90


def annotate(image: Pixels, faces: Faces) -> bytes:
    """Return JPEG bytes of `image` (h, w, 3) RGB with boxes, points and, where known, the mesh.

    Lines grow with the picture so that they show at any size.
    """
    canvas = image.copy()
    thick = max(1, round(max(image.shape[:2]) / 600))
    for i in range(len(faces)):
        if faces.mesh is not None and np.isfinite(faces.mesh[i]).all():
            _dots(canvas, faces.mesh[i, :, :2], max(1, thick // 2), MESH)
        _dots(canvas, faces.points[i], thick + 1, POINT)
        x1, y1, x2, y2 = (int(value) for value in faces.boxes[i].round())
        cv2.rectangle(canvas, (x1, y1), (x2, y2), BOX, thick + 1)
        label = f"{i + 1}  {faces.scores[i]:.2f}"
        cv2.putText(
            canvas, label, (x1, max(12 * thick, y1 - 4 * thick)), cv2.FONT_HERSHEY_SIMPLEX,
            0.5 * thick, BOX, thick, cv2.LINE_AA,
        )  # fmt: skip
    return encode_jpeg(canvas)


def encode_jpeg(image: Pixels) -> bytes:
    """Return JPEG bytes of `image` (h, w, 3) RGB."""
    _, data = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return bytes(data)


def _dots(canvas: Pixels, points: Floats, radius: int, colour: tuple[int, int, int]) -> None:
    for x, y in points.round().astype(int).tolist():
        cv2.circle(canvas, (x, y), radius, colour, -1, cv2.LINE_AA)
