"""Similarity transforms (turn, scale, shift) and the crops they cut."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from visavis.core.types import Floats, Pixels
from visavis.vision.opencv import resize, warp

Complexes: TypeAlias = NDArray[np.complex128]

LONGEST_SIDE = 32_000
"""OpenCV's warp takes sources up to 32,767 pixels a side."""


def similarity(source: Floats, target: Floats) -> Floats:
    """Return the least-squares similarity that maps each face's points onto a template.

    Points are complex numbers: the best `target = a · source + b` has `a` = Σ conj(s)·t / Σ |s|² of
    the centred points, which is Umeyama's closed form (1991) in two dimensions without reflection.

    Args:
        source: (n, k, 2) float32, x y.
        target: (k, 2) or (n, k, 2) float32, x y.

    Returns:
        (n, 2, 3) float32 matrices for `transform` and `cut`.
    """
    s, t = _complex(source), _complex(np.broadcast_to(target, source.shape))
    s_mean, t_mean = s.mean(axis=1), t.mean(axis=1)
    s_centred, t_centred = s - s_mean[:, None], t - t_mean[:, None]
    spread = np.maximum((np.abs(s_centred) ** 2).sum(axis=1), 1e-12)
    turn: Complexes = (s_centred.conj() * t_centred).sum(axis=1) / spread
    return from_complex(turn, t_mean - turn * s_mean)


def _complex(points: Floats) -> Complexes:
    numbers: Complexes = (points[..., 0] + 1j * points[..., 1]).astype(np.complex128)
    return numbers


def from_complex(turn: Complexes, shift: Complexes) -> Floats:
    """Return (n, 2, 3) float32 matrices of `z → turn · z + shift`, both (n,) complex."""
    rows = [[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]]
    return np.array(rows, np.float32).transpose(2, 0, 1)


def invert(matrices: Floats) -> Floats:
    """Return the inverse of each (n, 2, 3) similarity."""
    turn, shift = _complex(matrices[:, :, 0]), _complex(matrices[:, :, 2])
    back: Complexes = 1 / turn
    return from_complex(back, -shift * back)


def scales(matrices: Floats) -> Floats:
    """Return how much each (n, 2, 3) similarity enlarges, (n,)."""
    scale: Floats = np.hypot(matrices[:, 0, 0], matrices[:, 1, 0])
    return scale


def transform(matrices: Floats, points: Floats) -> Floats:
    """Apply each (n, 2, 3) similarity to its (n, k, 2) points."""
    moved: Floats = points @ matrices[:, :, :2].transpose(0, 2, 1) + matrices[:, None, :, 2]
    return moved


def cut(image: Pixels, matrix: Floats, size: int) -> Pixels:
    """Return the (size, size, 3) crop that `matrix` (2, 3) maps the picture onto; outside is black.

    A crop much smaller than its source would skip pixels and flicker, so the source is first
    averaged down to at most twice the crop's resolution.
    """
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < 0.5 or max(image.shape[:2]) > LONGEST_SIDE:
        image, matrix = _shrunk_source(image, matrix, size, factor=min(2 * scale, 1))
    return warp(image, matrix, size)


def _shrunk_source(
    image: Pixels, matrix: Floats, size: int, factor: float
) -> tuple[Pixels, Floats]:
    """Return the part of `image` under the crop, scaled by about `factor` < 1, and its matrix."""
    corners = np.array([[[0, 0], [size, 0], [0, size], [size, size]]], np.float32)
    reach = transform(invert(matrix[None]), corners)[0]
    height, width = image.shape[:2]
    x1, y1 = np.clip(np.floor(reach.min(axis=0)), 0, [width - 1, height - 1]).astype(int)
    x2, y2 = np.clip(np.ceil(reach.max(axis=0)), [x1 + 1, y1 + 1], [width, height]).astype(int)
    new = max(1, round((x2 - x1) * factor)), max(1, round((y2 - y1) * factor))
    small = resize(image[y1:y2, x1:x2], *new)
    grow_x, grow_y = (x2 - x1) / new[0], (y2 - y1) / new[1]
    # Pixel centres: small (u + ½)·grow − ½ + x1 is the picture's x.
    inner = np.array(
        [[grow_x, 0, x1 + (grow_x - 1) / 2], [0, grow_y, y1 + (grow_y - 1) / 2], [0, 0, 1]]
    )
    return small, (np.vstack([matrix, [0, 0, 1]]) @ inner)[:2].astype(np.float32)
