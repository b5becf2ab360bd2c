"""What grid detectors share: the cells of one stride, and joining the strides."""

import numpy as np

from visavis.core.types import Floats
from visavis.vision.decoders.base import Candidates


def cells(shape: tuple[int, int], stride: int) -> Floats:
    """Return (rows·columns, 2) float32, the x y of each cell in strides, row by row."""
    y, x = np.mgrid[: shape[0] // stride, : shape[1] // stride].astype(np.float32)
    return np.stack([x.ravel(), y.ravel()], axis=1)


def joined(parts: list[Candidates]) -> Candidates:
    """Return the candidates of all strides in one."""
    return Candidates(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.points for part in parts]),
    )
