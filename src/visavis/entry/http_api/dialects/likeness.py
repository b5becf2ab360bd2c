"""How alike two faces are, on the scale from 0 to 1 that other products use.

Their scales are bent cosines whose numbers mean something else in each version. Ours is bent by
what a similarity means: 1 − FMR^0.233, so that 0.8, the usual threshold, is an FMR of 1e-3: one
stranger in a thousand is that alike. 0.9 is 5e-5, 0.96 is 1e-6.
"""

import math

from visavis.index.calibration import Calibration

BEND = -math.log10(1 - 0.8) / 3
"""Makes 0.8 of an FMR of 1e-3."""

LEAST = 1e-30
"""Of the same picture twice; whoever asks for 1 means that."""


def likeness(similarity: float, calibration: Calibration) -> float:
    """Return how alike, 0..1.

    Args:
        similarity: Cosine, −1..1.
        calibration: Says what that means.
    """
    return 1 - math.pow(calibration.fmr(similarity), BEND)


def fmr_of(likeness: float) -> float:
    """Return the FMR, above 0 up to 1, of pairs that are so alike, 0..1."""
    return max(math.pow(1 - min(max(likeness, 0.0), 1.0), 1 / BEND), LEAST)


def least_similarity(likeness: float, calibration: Calibration) -> float:
    """Return the cosine, −1..1, from which pairs are at least so alike, 0..1."""
    return calibration.threshold(fmr_of(likeness))
