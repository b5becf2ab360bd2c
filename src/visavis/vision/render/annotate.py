"""Annotate: a copy of the picture with the faces drawn in."""

from collections.abc import Sequence

import cv2
import numpy as np

from visavis.core.types import Faces, Floats, Pixels
from visavis.vision.render.captions import write

BOX = (0, 200, 140)
TEXT = (10, 30, 25)
POINT = (255, 235, 59)
MESH = (225, 245, 255)
JPEG_QUALITY = 90
FONT = cv2.FONT_HERSHEY_SIMPLEX


def annotate(image: Pixels, faces: Faces, captions: Sequence[str] = ()) -> bytes:
    """Return JPEG bytes of `image` (h, w, 3) RGB with boxes, points and, where known, the mesh.

    Lines and letters grow with the picture, dots with the face, so that they show at any size and
    never hide a small face.

    Args:
        image: The upright picture.
        faces: Its faces.
        captions: What to write beside each face, one line a face, or nothing. Those that find no
            place beside their face are listed below the picture, which grows for them.
    """
    canvas = image.copy()
    thick = max(1, round(max(image.shape[:2]) / 500))
    for i in range(len(faces)):
        width = float(faces.boxes[i, 2] - faces.boxes[i, 0])
        if faces.mesh is not None and np.isfinite(faces.mesh[i]).all():
            _dots(canvas, faces.mesh[i, :, :2], width / 200, MESH)
        _dots(canvas, faces.points[i], width / 60, POINT)
        x1, y1, x2, y2 = (int(value) for value in faces.boxes[i].round())
        cv2.rectangle(canvas, (x1, y1), (x2, y2), BOX, thick)
        _label(canvas, f"{i + 1}: {faces.scores[i]:.0%}", (x1, y1), thick)
    if any(captions):
        canvas = write(canvas, faces.boxes, captions, _tab_height(thick))
    return encode_jpeg(canvas)


def encode_jpeg(image: Pixels) -> bytes:
    """Return JPEG bytes of `image` (h, w, 3) RGB."""
    _, data = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return bytes(data)


def _dots(canvas: Pixels, points: Floats, radius: float, colour: tuple[int, int, int]) -> None:
    size = max(1, round(2 * radius))
    for x, y in points.round().astype(int).tolist():
        cv2.line(canvas, (x, y), (x, y), colour, size, cv2.LINE_AA)


def _label(canvas: Pixels, text: str, corner: tuple[int, int], thick: int) -> None:
    """Write on a tab above the box, or inside it where the picture ends."""
    scale = _scale(thick)
    (width, height), below = cv2.getTextSize(text, FONT, scale, max(1, thick // 2))
    left, bottom = max(corner[0], 0), max(corner[1], height + 2 * below)
    cv2.rectangle(canvas, (left, bottom - height - 2 * below), (left + width, bottom), BOX, -1)
    origin = (left, bottom - below)
    cv2.putText(canvas, text, origin, FONT, scale, TEXT, max(1, thick // 2), cv2.LINE_AA)


def _scale(thick: int) -> float:
    """Return the size of the letters for lines that are `thick` pixels wide."""
    return 0.32 * thick + 0.1


def _tab_height(thick: int) -> int:
    """Return the height of the tabs above the boxes, pixels."""
    (_, height), below = cv2.getTextSize("1: 99%", FONT, _scale(thick), max(1, thick // 2))
    return int(height + 2 * below)
