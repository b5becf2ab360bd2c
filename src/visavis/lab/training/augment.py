"""Augmentation: the same face a little turned, shifted, lit or covered."""

import numpy as np
import torch
from torch import Tensor

from visavis.core.types import Floats, Pixels
from visavis.lab.training.recipes import Augmentation
from visavis.vision.opencv import warp
from visavis.vision.warp import from_complex

Dice = np.random.Generator


def augment(crops: Pixels, seen: int, how: Augmentation, dice: Dice) -> Tensor:
    """Return what the head sees of kept crops, each changed at random.

    Args:
        crops: (n, side, side, 3) uint8 RGB, with their margin.
        seen: Side of what comes out, pixels; the middle of the crop at its own scale.
        how: How far to go.
        dice: The source of chance; the same state gives the same batch.

    Returns:
        (n, 3, seen, seen) float32, 0..255, channels last in memory.
    """
    matrices = _moves(len(crops), crops.shape[1], seen, how, dice)
    moved = np.stack([warp(crop, m, seen) for crop, m in zip(crops, matrices, strict=True)])
    images = torch.from_numpy(moved).permute(0, 3, 1, 2).float()
    return _covered(_lit(images, how, dice), how, dice)


def centred(crops: Pixels, seen: int) -> Tensor:
    """Return the middle of kept crops, as serving cuts it: (n, 3, seen, seen) float32, 0..255."""
    edge = (crops.shape[1] - seen) // 2
    middle = np.ascontiguousarray(crops[:, edge : edge + seen, edge : edge + seen])
    return torch.from_numpy(middle).permute(0, 3, 1, 2).float()


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


def _lit(x: Tensor, how: Augmentation, dice: Dice) -> Tensor:
    """Change contrast, brightness and colour; some pictures lose their colour altogether.

    All three are one 3×3 colour matrix and an offset a picture.
    """
    n = len(x)
    contrast, brightness = 1 + _uniform(n, how.contrast, dice), _uniform(n, how.brightness, dice)
    colour = 1 + _uniform(n, how.colour, dice)
    colour[dice.random(n) < how.grey] = 0
    mixing = (1 - colour)[:, None, None] / 3 + colour[:, None, None] * np.eye(3, dtype=np.float32)
    mixing = torch.from_numpy((contrast[:, None, None] * mixing).astype(np.float32))
    middle = x.mean((1, 2, 3))
    offset = middle * (1 - torch.from_numpy(contrast)) + torch.from_numpy(brightness)
    flat = x.permute(0, 2, 3, 1).reshape(n, -1, 3)
    lit = torch.baddbmm(offset.view(n, 1, 1), flat, mixing).clamp_(0, 255)
    return lit.view(n, *x.shape[2:], 3).permute(0, 3, 1, 2)


def _covered(x: Tensor, how: Augmentation, dice: Dice) -> Tensor:
    """Cover a rectangle of some pictures with one grey (Zhong et al., 2017: random erasing)."""
    size = x.shape[-1]
    for i in np.flatnonzero(dice.random(len(x)) < how.cover):
        high, wide = (size * dice.uniform(0.06, 0.36, 2)).astype(int)
        top, left = dice.integers(0, size - high + 1), dice.integers(0, size - wide + 1)
        x[i, :, top : top + high, left : left + wide] = dice.uniform(0, 255)
    return x
