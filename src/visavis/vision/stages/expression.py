"""Expression: eyes, mouth and smile from the mesh, gaze from the pixels of the eyes.

Limits. The mesh closes its lids reluctantly: some eyes that are shut or look down read as open, and
a broad laugh reads as half shut. There were no labels to measure eyes, mouth or gaze
against. The mesh has no iris, so gaze is where the dark of the eye lies between the corners: left
or right only, for open eyes of a face at least 60 px wide, turned less than 30°. A shadow, make-up
or dark glasses can mislead it; lenses that reflect blind it.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from visavis.core.types import Floats
from visavis.vision.mesh_places import LIDS_LEFT, LIDS_RIGHT
from visavis.vision.stages.closeups import SIZE, Closeups

GazeWord = Literal["left", "centre", "right", "unknown"]

ASIDE = 0.35
"""Gaze beyond which the eyes look aside: so do 2 of 60 portraits that look into the camera."""

_OPEN = 0.17, 0.018
"""Height of an eye in widths at which it is half open, and the logistic's scale. Of FairFace's
training set one face in twenty lies below 0.19; those are shut, laughing or looking down."""

_PITCH_NARROWS = 0.0027
"""Height that an eye loses for each degree its head looks up (least squares, FairFace's training
set and FER2013's)."""

_MOUTH = 0.17, 0.04
"""Gap of the lips in mouth widths, and the scale: neutral faces have 0.03 (19 of 20 below 0.08),
surprised ones 0.19 in FER2013."""

_SMILE = (
    ((61, 291), 1, -18.18),
    ((78, 308), 1, -15.97),
    ((98, 327), 2, -67.88),
    ((92, 322), 2, 32.58),
    ((0, 0), 1, 18.32),
    ((200, 200), 1, 8.97),
)
"""Mirrored points, axis in the head's frame, weight: corners of the mouth rise and draw back, the
wings of the nose spread. Fitted (logistic, six of 55 kept) on FER2013's training set, happy against
the rest, and on 60 portraits, neutral and smiling. Held out: 0.88 of FER2013 right (AUC 0.92),
0.82 of the portraits (AUC 0.89); every one of 30 people smiles more in the smiling portrait."""

_SMILE_BIAS = -4.842

_LEAST_WIDTH_PX = 60.0
_LEAST_OPEN = 0.75
_LEAST_EYE_CONTRAST = 20.0
_MOST_TURN_DEGREES = 30.0

_COLUMNS = np.linspace(0.1, 0.9, 17)
"""Where the eye is sampled from its left corner (0) to its right one (1)."""

_ROWS = np.array([0.25, 0.4, 0.55, 0.7])
"""Where it is sampled from the upper lid (0) to the lower one (1): lashes and rims are left out."""

_REACH = 0.26
"""How far from the middle, in eye widths, the iris of an eye that looks fully aside lies."""


def expression_of(closeups: Closeups, pose: Floats) -> Floats:
    """Return the expression of each face.

    Args:
        closeups: The faces.
        pose: (n, 3) float32 degrees, from `pose_of`.

    Returns:
        (n, 5) float32 in the order of `EXPRESSIONS`; NaN where it cannot be told.
    """
    mesh = closeups.mesh_there
    eyes = [_openness(mesh, lids, pose[:, 1]) for lids in (LIDS_LEFT, LIDS_RIGHT)]
    gaze = np.where(_can_tell(closeups, pose, np.minimum(*eyes)), _gaze(closeups), np.nan)
    columns = [*eyes, _mouth_open(mesh), _smile(mesh), gaze]
    return np.stack(columns, axis=1).astype(np.float32)


def gaze_word(value: float) -> GazeWord:
    """Return where the eyes look, as seen in the picture and relative to the head.

    Args:
        value: −1..1 as in `EXPRESSIONS`; beyond ±0.35 they look aside, NaN is unknown.
    """
    if not np.isfinite(value):
        return "unknown"
    if abs(value) <= ASIDE:
        return "centre"
    return "left" if value < 0 else "right"


def _openness(mesh: Floats, lids: tuple[tuple[int, int], ...], pitch: Floats) -> Floats:
    """Return (n,) the probability that an eye is open, from its height in widths, in depth too."""
    upper, lower = zip(*lids, strict=True)
    heights = _length(mesh[:, upper[2:5]] - mesh[:, lower[2:5]]).mean(axis=1)
    width = _length(mesh[:, upper[0]] - mesh[:, upper[-1]])
    return _logistic(_ratio(heights, width) + _PITCH_NARROWS * pitch, *_OPEN)


def _mouth_open(mesh: Floats) -> Floats:
    gap, width = _length(mesh[:, 13] - mesh[:, 14]), _length(mesh[:, 78] - mesh[:, 308])
    return _logistic(_ratio(gap, width), *_MOUTH)


def _smile(mesh: Floats) -> Floats:
    """Return (n,) the probability of a smile."""
    pairs, axes, weights = zip(*_SMILE, strict=True)
    places = _in_head(mesh, mesh[:, pairs].mean(axis=2))
    logit = places[:, range(len(axes)), axes] @ np.array(weights, np.float32) + _SMILE_BIAS
    return _logistic(logit, 0.0, 1.0)


def _in_head(mesh: Floats, points: Floats) -> Floats:
    """Return points (n, k, 3) in the head's own axes: right, down, away.

    The origin lies between the eyes; their distance is 1.
    """
    left, right = mesh[:, (33, 133)].mean(axis=1), mesh[:, (362, 263)].mean(axis=1)
    apart = _length(right - left)
    across = _unit(right - left)
    down = mesh[:, (1, 2, 164)].mean(axis=1) - mesh[:, (10, 151, 9)].mean(axis=1)
    down = _unit(down - (down * across).sum(axis=1, keepdims=True) * across)
    axes = np.stack([across, down, np.cross(across, down)], axis=2)
    return _ratio((points - ((left + right) / 2)[:, None]) @ axes, apart[:, None, None])


def _can_tell(closeups: Closeups, pose: Floats, openness: Floats) -> NDArray[np.bool_]:
    """Return (n,) whether the gaze of a face can be read."""
    corners = [lids[end][0] for lids in (LIDS_LEFT, LIDS_RIGHT) for end in (0, -1)]
    large, opened = closeups.width_px >= _LEAST_WIDTH_PX, openness >= _LEAST_OPEN
    facing = np.abs(pose[:, :2]).max(axis=1) <= _MOST_TURN_DEGREES
    told: NDArray[np.bool_] = np.all(closeups.visible[:, corners], axis=1) & large & opened & facing
    return told


def _gaze(closeups: Closeups) -> Floats:
    """Return (n,) where the dark of both eyes lies between the corners, −1..1."""
    mesh = np.nan_to_num(closeups.mesh)
    sides = [_dark_centre(closeups, mesh, lids) for lids in (LIDS_LEFT, LIDS_RIGHT)]
    gaze: Floats = (((sides[0] + sides[1]) / 2 - 0.5) / _REACH).clip(-1, 1)
    return gaze


def _dark_centre(closeups: Closeups, mesh: Floats, lids: tuple[tuple[int, int], ...]) -> Floats:
    """Return (n,) the centre of an eye's dark columns, 0 (left corner) to 1; NaN without contrast.

    The lids are followed in straight pieces, the eye between them is sampled column by column.
    """
    stations = np.linspace(0, 1, len(lids))
    follow = np.array([np.interp(_COLUMNS, stations, row) for row in np.eye(len(lids))])
    follow = follow.T.astype(np.float32)
    upper, lower = (follow @ mesh[:, indices] for indices in zip(*lids, strict=True))
    places = upper[:, :, None] + _ROWS[:, None] * (lower - upper)[:, :, None]
    x, y = np.rint(places).clip(0, SIZE - 1).astype(np.intp).transpose(3, 0, 1, 2)
    pixels = closeups.images[np.arange(len(mesh))[:, None, None], y, x]
    columns = pixels.mean(axis=(2, 3))
    depth = (columns.mean(axis=1, keepdims=True) - columns).clip(0) ** 2
    centre = _ratio(depth @ _COLUMNS, depth.sum(axis=1))
    told = np.ptp(columns, axis=1) >= _LEAST_EYE_CONTRAST
    return np.where(told, centre, np.nan).astype(np.float32)


def _length(vectors: Floats) -> Floats:
    length: Floats = np.linalg.norm(vectors, axis=-1)
    return length


def _unit(vectors: Floats) -> Floats:
    return _ratio(vectors, _length(vectors)[:, None])


def _ratio(top: Floats, bottom: Floats) -> Floats:
    """Return the quotient; NaN where there is nothing to divide by."""
    return np.asarray(top / np.where(bottom > 1e-6, bottom, np.nan), np.float32)


def _logistic(values: Floats, middle: float, scale: float) -> Floats:
    probability: Floats = 1 / (1 + np.exp(((middle - values) / scale).clip(-50, 50)))
    return probability
