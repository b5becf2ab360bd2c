"""Quality: how well each face can be seen, in parts and as a whole, 0 to 100.

- sharpness: how strong details of 1–2 pixels are against those of 2–3, on a face of one size, in
  the weaker direction. It falls with blur and with enlarging and hardly moves with noise and
  JPEG: those live below a pixel.
- brightness: full where the middle of the face is neither dark nor glaring; wide enough that dark
  and light skin, properly lit, are both full.
- contrast: the span between the darkest and lightest twentieth of the face.
- size: full from 100 pixels of face width, where the embedder's chip holds all there is.
- pose: full up to 15° from the camera's axis, none from 75°.
- occlusion: whether the colours say that something covers the face. Measured on portraits of people
  it was not made with (AUC, painted covers): sunglasses 1.00, masks 1.00, hair 1.00, a foreign
  piece 0.89, a hand of the face's own colour 0.86; on small pictures from the street 0.96, 0.98,
  0.93, 0.87, 0.73. It does not see clear glasses, a hand lit like the face, or hair that was always
  there; it may take a beard in hard light, face paint or coloured light for a cover, and calls a
  profile covered, of which half is indeed out of sight.
"""

import numpy as np

from visavis.core.types import Floats, Pixels
from visavis.vision.opencv import band_energies, grey
from visavis.vision.stages.closeups import SIZE, Closeups
from visavis.vision.stages.covering import covered

WORST_WEIGHS = 0.7
"""Share of the worst part in the whole; the mean of all parts has the rest. One bad part spoils a
face (a sharp, bright face of 12 pixels is of no use), yet two bad ones are worse than one."""

_WINDOW = slice(SIZE // 5, SIZE - SIZE // 5)
"""Rows and columns of a closeup from the brows to the chin."""

_SHARPNESS = -2.015, -1.265
"""Log ratio of the bands that counts as 0 and as 100. Medians: studio portraits −1.14, LFW −1.35,
FairFace's training set −1.43; LFW blurred by a Gaussian of 3 % of the face's width −1.95."""

_EVERY = 23
"""One pixel in so many is looked at for brightness and contrast: 265 a face are plenty."""

_CONTRAST = 15.0, 80.0
"""Grey levels that count as 0 and 100: a twentieth of FairFace's training set has less than 64."""

_DARK, _GLARING = (12.0, 42.0), (250.0, 210.0)
"""Grey level of the face's middle that counts as 0 and as 100, from either end: in FairFace's
training set the lowest tenth of people labelled Black lies below 44, of white people below 63."""

_WIDTH_PX = 10.0, 100.0
"""Width of the face that counts as 0 and as 100; between them by its logarithm."""

_TURN_DEGREES = 75.0, 15.0

_NOISE = 0.1, 1.0
"""Energies added to the bands, so that an even surface, whose bands are rounding, is not sharp."""


def quality_of(closeups: Closeups, pose: Floats) -> Floats:
    """Return the quality of each face.

    Args:
        closeups: The faces.
        pose: (n, 3) float32 degrees, from `pose_of`.

    Returns:
        (n, 7) float32, 0..100, in the order of `QUALITY_PARTS`. A part is NaN where it cannot be
        judged (pose and occlusion need the mesh, the others a face of some extent); in the whole
        it then counts as 0.
    """
    windows = _windows(closeups)
    low, middle, high = _levels(windows)
    parts = np.stack(
        [
            _ramp(np.array([_detail(window) for window in windows]), *_SHARPNESS),
            np.minimum(_ramp(middle, *_DARK), _ramp(middle, *_GLARING)),
            _ramp(high - low, *_CONTRAST),
            _ramp(np.log(closeups.width_px), *np.log(_WIDTH_PX)),
            _ramp(turn_of(pose), *_TURN_DEGREES),
            100 * (1 - covered(closeups)),
        ],
        axis=1,
    )
    parts[np.isnan(closeups.width_px)] = np.nan
    return np.column_stack([whole_of(parts), parts]).astype(np.float32)


def whole_of(parts: Floats) -> Floats:
    """Return (n,) the overall quality of the parts (n, 6): mostly the worst, partly the mean."""
    known = np.nan_to_num(parts)
    whole: Floats = WORST_WEIGHS * known.min(axis=1) + (1 - WORST_WEIGHS) * known.mean(axis=1)
    return whole


def turn_of(pose: Floats) -> Floats:
    """Return (n,) degrees between the camera's axis and where each face looks; roll is no turn."""
    yaw, pitch = np.radians(pose[:, 0]), np.radians(pose[:, 1])
    turn: Floats = np.degrees(np.arccos((np.cos(yaw) * np.cos(pitch)).clip(-1, 1)))
    return turn


def luma_of(closeups: Closeups) -> Floats:
    """Return (n,) the grey level 0..255 of the middle of each face."""
    return _levels(_windows(closeups))[1]


def _windows(closeups: Closeups) -> Pixels:
    """Return (n, h, w) uint8: the grey middle of each closeup."""
    return np.array([grey(image[_WINDOW, _WINDOW]) for image in closeups.images], np.uint8)


def _levels(windows: Pixels) -> tuple[Floats, Floats, Floats]:
    """Return the levels (n,) below which a twentieth, half and all but a twentieth lie."""
    luma = windows.reshape(len(windows), -1)[:, ::_EVERY].astype(np.float32)
    ordered = np.sort(luma, axis=1)
    last = luma.shape[1] - 1
    return ordered[:, last // 20], ordered[:, last // 2], ordered[:, last - last // 20]


def _detail(luma: Pixels) -> float:
    """Return the log ratio of the bands, by the weaker direction: motion blurs only one."""
    across, upright, middle = band_energies(luma)
    return float(np.log((2 * min(across, upright) + _NOISE[0]) / (middle + _NOISE[1])))


def _ramp(values: Floats, nothing: float, everything: float) -> Floats:
    """Return 0 to 100 between two values, straight."""
    share = (values - nothing) / (everything - nothing)
    return np.asarray(100 * share.clip(0, 1), np.float32)
