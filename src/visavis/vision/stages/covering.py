"""Covering: whether something lies between the camera and the face, told from its colours.

Each region of the mesh is compared with the skin of the same face: how much lighter, redder and
bluer it is, how uneven, and how much its left differs from its right. A logistic model weighs what
is unusual.
"""

import numpy as np

from visavis.core.types import Floats
from visavis.vision.mesh_places import MIDDLE_REGIONS, PAIRED_REGIONS, SKIN, Points
from visavis.vision.stages.closeups import SIZE, Closeups

_LOG_SCALE = 60.0
"""Brings ratios of brightness to about the size of differences of colour."""

POINTS: Points = tuple(
    index
    for regions in (
        *MIDDLE_REGIONS.values(),
        *(side for pair in PAIRED_REGIONS.values() for side in pair),
    )
    for index in regions
)
"""Points of the mesh that are looked at."""

_SIDES = ("_left", "_right")

_PLACES = {
    name: [POINTS.index(point) for point in points]
    for name, points in (
        ("skin", SKIN),
        *MIDDLE_REGIONS.items(),
        *(
            (name + side, points)
            for name, pair in PAIRED_REGIONS.items()
            for side, points in zip(_SIDES, pair, strict=True)
        ),
    )
}
"""Where in `POINTS` the points of each region are."""

_MEASURES = ("light", "red", "blue", "uneven", "mottled")

MEASURES = tuple(
    f"{region}.{measure}"
    for regions, measures in (
        (MIDDLE_REGIONS, _MEASURES),
        (
            PAIRED_REGIONS,
            (*_MEASURES, "sides_light", "sides_red", "sides_blue", "sides_uneven"),
        ),
    )
    for region in regions
    for measure in measures
)
"""What `measures_of` returns, in order."""

_WEIGHTS = {
    "forehead.red": 0.031,
    "forehead.uneven": 0.024,
    "bridge.uneven": 0.033,
    "bridge.mottled": 0.074,
    "nose.red": -0.052,
    "nose.uneven": -0.084,
    "lip.light": 0.02,
    "lip.blue": 0.044,
    "lip.uneven": -0.03,
    "mouth.blue": -0.036,
    "chin.uneven": 0.033,
    "chin.mottled": -0.077,
    "brow.uneven": 0.037,
    "brow.sides_blue": 0.047,
    "eye.uneven": -0.054,
    "eye.mottled": -0.139,
    "eye.sides_light": 0.02,
    "cheekbone.uneven": 0.051,
    "cheek.blue": 0.044,
    "jaw.red": 0.036,
    "jaw.mottled": 0.08,
}
"""What counts as it is. These and the next were fitted (logistic, L2) on 900 pictures of FairFace's
training set and 300 of LFW, each bare and with a painted cover: sunglasses, mask, hand, hair, and a
piece of another picture. 36 of 150 were kept."""

_ODDITIES = {
    "bridge.red": (0.1, 0.057),
    "nose.red": (0.7, 0.054),
    "nose.uneven": (12.1, 0.077),
    "lip.light": (-7.6, 0.02),
    "chin.red": (-0.6, 0.056),
    "brow.uneven": (9.9, -0.066),
    "brow.sides_blue": (3.9, -0.062),
    "eye.red": (-9.1, 0.042),
    "eye.uneven": (15.8, 0.078),
    "eye.sides_blue": (1.6, 0.121),
    "eye.sides_uneven": (4.0, 0.059),
    "cheekbone.mottled": (3.2, 0.113),
    "cheekbone.sides_blue": (2.7, -0.017),
    "cheek.sides_blue": (4.8, -0.043),
    "jaw.red": (-6.7, -0.056),
}
"""What counts by its distance from the usual value: (usual, weight)."""

_BIAS = -1.576


def colours_of(closeups: Closeups) -> Floats:
    """Return (n, 103, 3) float32: luma, red and blue difference (BT.601) at each of `POINTS`.

    Colours are averaged over 2 × 2 pixels; NaN where the point cannot be seen.
    """
    places = np.nan_to_num(closeups.mesh[:, POINTS]).clip(0, SIZE - 2).astype(np.intp)
    x, y, face = places[:, :, 0], places[:, :, 1], np.arange(len(places))[:, None]
    corners = ((0, 0), (0, 1), (1, 0), (1, 1))
    four = [closeups.images[face, y + dy, x + dx] for dy, dx in corners]
    rgb: Floats = np.mean(four, axis=0, dtype=np.float32)
    luma = rgb @ np.array([0.299, 0.587, 0.114], np.float32)
    colours = np.stack([luma, 0.713 * (rgb[..., 0] - luma), 0.564 * (rgb[..., 2] - luma)], axis=2)
    colours[~closeups.visible[:, POINTS]] = np.nan
    return colours


def measures_of(colours: Floats) -> Floats:
    """Return (n, len(MEASURES)) float32; 0 where a region cannot be seen.

    Args:
        colours: From `colours_of`.
    """
    relative = colours.copy()
    relative[..., 0] = _LOG_SCALE * np.log(colours[..., 0] + 10)
    relative -= _median(relative[:, _PLACES["skin"]])[:, None]
    middle = [_region(relative[:, _PLACES[name]]) for name in MIDDLE_REGIONS]
    paired = []
    for name in PAIRED_REGIONS:
        one, other = (_region(relative[:, _PLACES[name + side]]) for side in _SIDES)
        paired += [(one + other) / 2, np.abs(one - other)[:, :4]]
    measures: Floats = np.nan_to_num(np.concatenate([*middle, *paired], axis=1))
    return measures


def _median(colours: Floats) -> Floats:
    """Return the median (n, 3) of the points that can be seen: those that cannot sort last."""
    count = np.isfinite(colours[..., 0]).sum(axis=1)
    middle = np.maximum(count - 1, 0) // 2
    ordered = np.sort(colours, axis=1)
    median: Floats = ordered[np.arange(len(colours)), middle]
    return median


def _region(colours: Floats) -> Floats:
    """Return (n, 5): the mean of each channel, the spread of luma and that of colour."""
    mean = colours.mean(axis=1)
    spread = colours.std(axis=1)
    mottled = np.hypot(spread[:, 1], spread[:, 2])
    return np.column_stack([mean, spread[:, 0], mottled])


def covered(closeups: Closeups) -> Floats:
    """Return (n,) float32, the probability 0..1 that something covers the face; NaN without a mesh.

    Where part of the face lies beyond the picture's edge, that part counts as covered.
    """
    measures = measures_of(colours_of(closeups))
    odd = [MEASURES.index(name) for name in _ODDITIES]
    usual, odd_weights = np.array(list(_ODDITIES.values()), np.float32).T
    logit = _BIAS + np.abs(measures[:, odd] - usual) @ odd_weights
    plain = [MEASURES.index(name) for name in _WEIGHTS]
    logit += measures[:, plain] @ np.array(list(_WEIGHTS.values()), np.float32)
    bare = closeups.visible.mean(axis=1) / (1 + np.exp(logit.clip(-50, 50)))
    probability: Floats = np.where(np.isfinite(closeups.mesh).all(axis=(1, 2)), 1 - bare, np.nan)
    return probability.astype(np.float32)
