"""Augmentation: the same face a little turned, shifted, lit or covered."""

import numpy as np
from numpy.typing import NDArray

from visavis.core.types import Floats, Pixels
from visavis.lab.training.recipes import Augmentation
from visavis.vision.opencv import recolour, resize, warp
from visavis.vision.warp import from_complex

Dice = np.random.Generator


def augment(crops: Pixels, seen: int, how: Augmentation, dice: Dice) -> Pixels:
    """Return what the head sees of kept crops, each changed at random.

    Args:
        crops: (n, side, side, 3) uint8 RGB, with their margin.
        seen: Side of what comes out, pixels; the middle of the crop at its own scale.
        how: How far to go.
        dice: The source of chance; the same state gives the same batch.

    Returns:
        (n, seen, seen, 3) uint8 RGB.
    """
    matrices = _moves(len(crops), crops.shape[1], seen, how, dice)
    moved = [warp(crop, m, seen) for crop, m in zip(crops, matrices, strict=True)]
    colours = _lights(np.array([picture.mean() for picture in moved]), how, dice)
    lit = np.stack([recolour(each, m) for each, m in zip(moved, colours, strict=True)])
    return _covered(_coarse(lit, how, dice), how, dice)


def centred(crops: Pixels, seen: int) -> Pixels:
    """Return the middle of kept crops, as serving cuts it: (n, seen, seen, 3) uint8 RGB."""
    edge = (crops.shape[1] - seen) // 2
    return np.ascontiguousarray(crops[:, edge : edge + seen, edge : edge + seen])


def _uniform(n: int, reach: float, dice: Dice) -> Floats:
    """Return (n,) numbers between −reach and reach."""
    return dice.uniform(-reach, reach, n).astype(np.float32)


def _moves(n: int, side: int, seen: int, how: Augmentation, dice: Dice) -> Floats:
    """Return (n, 2, 3) matrices that turn, zoom and shift; half of them mirror too."""
    angle, zoom = (_uniform(n, reach, dice) for reach in (np.radians(how.turn_degrees), how.zoom))
    shift = (_uniform(n, how.shift, dice) + 1j * _uniform(n, how.shift, dice)) * seen / 2
    turn = np.exp(zoom + 1j * angle).astype(np.complex128)
    middle = (side - 1) / 2 * (1 + 1j)
    matrices = from_complex(turn, (seen - 1) / 2 * (1 + 1j) + shift - turn * middle)
    mirrored = dice.random(n) < 0.5
    matrices[mirrored, 0] = [0, 0, seen - 1] - matrices[mirrored, 0]
    return matrices


def _lights(middle: NDArray[np.float64], how: Augmentation, dice: Dice) -> Floats:
    """Return (n, 3, 4) what becomes of red, green and blue, and what is added to each.

    Contrast, brightness and colour change together; some pictures lose their colour altogether.

    Args:
        middle: (n,) mean level of each picture: contrast turns around it.
        how: How far to go.
        dice: The source of chance.
    """
    n = len(middle)
    contrast, brightness = 1 + _uniform(n, how.contrast, dice), _uniform(n, how.brightness, dice)
    colour = 1 + _uniform(n, how.colour, dice)
    colour[dice.random(n) < how.grey] = 0
    mixing = (1 - colour)[:, None, None] / 3 + colour[:, None, None] * np.eye(3)
    added = np.broadcast_to((middle * (1 - contrast) + brightness)[:, None, None], (n, 3, 1))
    return np.concatenate([contrast[:, None, None] * mixing, added], axis=2).astype(np.float32)


def _coarse(pictures: Pixels, how: Augmentation, dice: Dice) -> Pixels:
    """Shrink some pictures and enlarge them again."""
    size = pictures.shape[1]
    for i in np.flatnonzero(dice.random(len(pictures)) < how.blur) if how.blur else ():
        small = round(size * dice.uniform(0.35, 0.8))
        pictures[i] = resize(resize(pictures[i], small, small), size, size)
    return pictures


def _covered(pictures: Pixels, how: Augmentation, dice: Dice) -> Pixels:
    """Cover a rectangle of some pictures with one grey (Zhong et al., 2017: random erasing)."""
    size = pictures.shape[1]
    for i in np.flatnonzero(dice.random(len(pictures)) < how.cover):
        high, wide = (size * dice.uniform(0.06, 0.36, 2)).astype(int)
        top, left = dice.integers(0, size - high + 1), dice.integers(0, size - wide + 1)
        pictures[i, top : top + high, left : left + wide] = round(dice.uniform(0, 255))
    return pictures
