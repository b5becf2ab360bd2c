"""Detect: find faces, their boxes and five points, on one upright picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.core.settings import DetectOptions
from visavis.core.types import Faces, Floats, Pixels
from visavis.vision.decoders.base import Candidates, DetectorDecoder
from visavis.vision.engines.onnx_engine import OnnxEngine
from visavis.vision.stages.looks import (
    LARGEST_IN_FIRST_LOOK,
    SMALLEST_IN_SECOND_LOOK,
    agree,
    fit,
    of_size,
    strongest,
)

SMALL_PICTURE_PX = 640
MOST_UPSCALE = 2
"""A small picture is enlarged to 640 px, at most doubled: beyond it there is only blur to see."""

MOST_TILT = np.radians(30)
"""Beyond it points are unreliable: a face turned by 90° shows eyes tilted by 40 to 70°."""


@dataclass(frozen=True, slots=True)
class Detect:
    """Finds faces with one detector graph.

    Attributes:
        engine: Runs the graph.
        decoder: Knows what the graph's tensors mean.
        options: Thresholds and scales.
    """

    engine: OnnxEngine
    decoder: DetectorDecoder
    options: DetectOptions

    def __call__(self, image: Pixels) -> Faces:
        """Return the faces of `image` (h, w, 3) RGB, best score first, with boxes and points.

        A picture on which no face stands upright is looked at again turned by 90, 180 and 270°
        (unless switched off), and the turn that shows the surest upright faces wins; what is found
        is given in the coordinates of the picture as it came.
        """
        faces = self._faces(image)
        if not self.options.try_rotations or upright(faces).any():
            return faces
        turned = {turns: self._faces(np.rot90(image, turns)) for turns in (1, 2, 3)}
        turns = max(turned, key=lambda k: _certainty(turned[k]))
        if _certainty(turned[turns]) > 0:
            return _turn_back(turned[turns], turns, *image.shape[:2])
        return faces

    def _faces(self, image: Pixels) -> Faces:
        found = self._found(image)
        sides = (found.boxes[:, 2:] - found.boxes[:, :2]).min(axis=1, initial=np.inf)
        good = np.flatnonzero(sides >= self.options.min_size_px)[: self.options.max_faces]
        return Faces(found.boxes[good], found.scores[good], found.points[good])

    def _found(self, image: Pixels) -> Candidates:
        """Look once, or twice where that pays; then each look speaks for the sizes it knows."""
        main = self._main_side(image)
        if not 0 < self.options.second_look_px < main:
            return self._look(image, main, 0, np.inf)
        near = self._look(image, main, 0, LARGEST_IN_FIRST_LOOK)
        far = self._look(image, self.options.second_look_px, SMALLEST_IN_SECOND_LOOK, np.inf)
        return strongest(agree(near, far), self.options.nms_iou)

    def _main_side(self, image: Pixels) -> int:
        own = int(max(image.shape[:2]))
        enlarged = max(own, min(SMALL_PICTURE_PX, MOST_UPSCALE * own))
        return max(min(self.options.long_side_px, enlarged), self.decoder.stride)

    def _look(self, image: Pixels, long_side: int, smallest: float, largest: float) -> Candidates:
        canvas, scale = fit(image, long_side, self.decoder.stride, self.engine.fixed_size)
        outputs = self.engine.run(self.decoder.prepare(canvas))
        shape = (canvas.shape[0], canvas.shape[1])
        found = self.decoder.decode(outputs, self.options.score_threshold, shape)
        found = strongest(of_size(found, smallest, largest), self.options.nms_iou)
        boxes = found.boxes / np.concatenate([scale, scale])
        return Candidates(boxes, found.scores, found.points / scale)


def upright(faces: Faces) -> NDArray[np.bool_]:
    """Return (n,) whether each face's eyes lie level within `MOST_TILT`, the left one left."""
    across = faces.points[:, 1] - faces.points[:, 0]
    level: NDArray[np.bool_] = across[:, 0] * np.tan(MOST_TILT) > np.abs(across[:, 1])
    return level


def _certainty(faces: Faces) -> float:
    return float(faces.scores[upright(faces)].sum())


def _turn_back(faces: Faces, turns: int, height: int, width: int) -> Faces:
    """Undo `turns` quarter turns counter-clockwise of a picture that is `height` × `width`."""
    corners = faces.boxes.reshape(-1, 2, 2)
    corners, points = (_turn_points(a, turns, height, width) for a in (corners, faces.points))
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    return Faces(boxes, faces.scores, points)


def _turn_points(points: Floats, turns: int, height: int, width: int) -> Floats:
    x, y = points[..., 0], points[..., 1]
    turned = {1: (width - y, x), 2: (width - x, height - y), 3: (y, height - x)}[turns]
    return np.stack(turned, axis=-1)
