"""Pose: how far each head is turned, from where the mesh lies in the picture.

Measured (docs/figures.md, round `pose`): on rotated meshes of real faces the three angles are wrong
by 0.8° in the mean and 6° at worst. On real pictures the mesh itself is the limit: it turns less
than the head beyond some 50° of yaw, so that a full profile (90°) reads as about 40 to 55°.
"""

import numpy as np
from numpy.typing import NDArray

from visavis.core.types import Floats
from visavis.vision.canonical_face import STEADY_PLACES, STEADY_POINTS
from visavis.vision.opencv import head_rotation

FOCAL = 16.0
"""Focal length in units of the points' spread (RMS distance from their mean), which stands for the
unknown camera: one about 90 cm away. Among 12 to 25 the errors on rotated meshes were the least
from near (45 cm), far (1.5 m) and infinitely far together."""

_LEAST_SPREAD = 1e-3
"""Spread of the points below which there is no face to measure, pixels."""


def pose_of(mesh: Floats) -> Floats:
    """Return yaw, pitch and roll of each face.

    The head is turned by pitch first, then by yaw, then rolled in the picture's plane (the order of
    300W-LP, BIWI and most others): turning the picture changes roll alone, mirroring it changes the
    signs of yaw and roll. Angles are seen from a camera that points at the face.

    Args:
        mesh: (n, 468, 3) float32 in pixels of the picture; NaN rows where there is none.

    Returns:
        (n, 3) float32, degrees, in the order of `POSE_ANGLES`: yaw −90..90, pitch and roll
        −180..180; NaN rows where there is no mesh.
    """
    seen = mesh[:, STEADY_POINTS, :2].astype(np.float64)
    seen[~np.isfinite(seen).all(axis=(1, 2))] = np.nan
    seen -= seen.mean(axis=1, keepdims=True)
    spread = np.sqrt((seen**2).sum(axis=2).mean(axis=1))
    spread[~(spread > _LEAST_SPREAD)] = np.nan
    seen /= spread[:, None, None]
    turns = [head_rotation(STEADY_PLACES, points, FOCAL) for points in seen]
    return angles_of(np.array(turns).reshape(-1, 3, 3))


def angles_of(turns: NDArray[np.float64]) -> Floats:
    """Return (n, 3) float32 degrees of the rotations (n, 3, 3), which are roll · yaw · pitch.

    A rotation's last row holds where the head's axes lead in depth, so yaw and pitch are read from
    it; roll is where the head's own x axis lies in the picture.
    """
    yaw = np.arctan2(turns[:, 2, 0], np.hypot(turns[:, 2, 1], turns[:, 2, 2]))
    pitch = np.arctan2(-turns[:, 2, 1], turns[:, 2, 2])
    roll = np.arctan2(turns[:, 1, 0], turns[:, 0, 0])
    angles: Floats = np.degrees(np.stack([yaw, pitch, roll], axis=1)).astype(np.float32)
    return angles
