"""The few OpenCV calls we make, with our types: its stubs know only arrays of any number."""

from collections.abc import Sequence
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from visavis.core.types import Floats, Pixels


def one_thread_a_call() -> None:
    """Keep OpenCV from starting threads of its own: our workers fill the cores already."""
    cv2.setNumThreads(1)


def resize(image: Pixels, width: int, height: int) -> Pixels:
    """Return `image` (h, w, 3) at the new size: averaged below half of it, else bilinear.

    Down to a half, bilinear reads every pixel and takes a tenth of the time.
    """
    target = np.empty((height, width, 3), np.uint8)
    resize_into(target, image)
    return target


def resize_into(target: Pixels, image: Pixels) -> None:
    """Fill `target` (h, w, 3), which may be a part of a larger array, with `image` scaled to it."""
    height, width = target.shape[:2]
    halved = 2 * width < image.shape[1] or 2 * height < image.shape[0]
    method = cv2.INTER_AREA if halved else cv2.INTER_LINEAR
    cv2.resize(image, (width, height), dst=target, interpolation=method)


def warp(image: Pixels, matrix: Floats, size: int) -> Pixels:
    """Return the (size, size, 3) crop that `matrix` (2, 3) maps the picture onto, bilinear."""
    return cast("Pixels", cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR))


def mirror(image: Pixels) -> Pixels:
    """Return `image` with left and right swapped."""
    return cast("Pixels", cv2.flip(image, 1))


def tensor(
    images: Sequence[Pixels], *, mean: float = 0.0, scale: float = 1.0, bgr: bool = False
) -> Floats:
    """Return (n, 3, h, w) float32 of `(pixel - mean) * scale`, channels RGB or BGR.

    OpenCV's blob subtracts, scales and transposes in one pass outside the interpreter.
    """
    blob = cv2.dnn.blobFromImages(images, scale, mean=(mean,) * 3, swapRB=bgr)
    return cast("Floats", blob)


def strongest_boxes(boxes: Floats, scores: Floats, max_iou: float, most: int) -> NDArray[np.intp]:
    """Return the indices that survive non-maximum suppression, best score first.

    Args:
        boxes: (n, 4) float32, x y width height.
        scores: (n,) float32, above 0.
        max_iou: Overlap above which the weaker box goes, 0..1.
        most: How many of the best are looked at.
    """
    if not len(boxes):
        return np.zeros(0, np.intp)
    kept = cv2.dnn.NMSBoxes(cast("Any", boxes), cast("Any", scores), 0.0, max_iou, 1.0, most)
    return np.asarray(kept, np.intp)
