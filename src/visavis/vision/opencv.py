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


def recolour(image: Pixels, matrix: Floats) -> Pixels:
    """Return `image` with each pixel's colours times `matrix` (3, 4), the last column added."""
    return cast("Pixels", cv2.transform(image, matrix))


def blend(image: Pixels, other: Pixels, share: float) -> Pixels:
    """Return `share` of `image` and the rest of `other`, both of one shape, mixed."""
    flat = cv2.addWeighted(image.reshape(-1, 3), share, other.reshape(-1, 3), 1 - share, 0)
    return cast("Pixels", flat.reshape(image.shape))


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


def head_rotation(model: NDArray[np.float64], seen: Floats, focal: float) -> NDArray[np.float64]:
    """Return the (3, 3) rotation in which a camera sees `model` as `seen`; NaN when none does.

    Args:
        model: (k, 3) float64, places in any unit; axes x right, y down, z away from the camera.
        seen: (k, 2) float32, x y around the optical axis.
        focal: Focal length in the unit of `seen`.
    """
    camera = np.diag([focal, focal, 1.0])
    nothing: NDArray[np.float64] = np.full((3, 3), np.nan)
    if not np.isfinite(seen).all():
        return nothing
    try:
        found, turn, _ = cv2.solvePnP(
            model, seen.astype(np.float64), camera, None, flags=cv2.SOLVEPNP_SQPNP
        )
    except cv2.error:  # points that coincide
        return nothing
    return cast("NDArray[np.float64]", cv2.Rodrigues(turn)[0]) if found else nothing


def grey(image: Pixels) -> Pixels:
    """Return the luma (h, w) uint8 of an RGB picture (BT.601)."""
    return cast("Pixels", cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))


def band_energies(luma: Pixels) -> tuple[float, float, float]:
    """Return the mean square of details 1–2 pixels wide, across and upright, and 2–3 pixels wide.

    Details below 1 pixel are left out: noise and JPEG's blocks live there. Box filters in a row are
    near enough to Gaussians and take a tenth of the time.
    """
    once = cv2.blur(cv2.blur(luma, (3, 3)), (3, 3))  # sigma 1.2
    across, upright = cv2.blur(once, (5, 1)), cv2.blur(once, (1, 5))
    twice = cv2.blur(across, (1, 5))  # together 1.8
    coarse = cv2.blur(twice, (9, 9))  # together 3.2
    pairs = (once, across), (once, upright), (twice, coarse)
    one, other, middle = (cv2.norm(a, b, cv2.NORM_L2SQR) / luma.size for a, b in pairs)
    return one, other, middle
