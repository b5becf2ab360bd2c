"""What similarities mean: the calibration of each embedder."""

from visavis.core.errors import InvalidInput
from visavis.index.calibration import Calibration, bundled

LEAST_RATE = 1e-9
"""Smaller rates are neither asked for nor told: nobody has compared so many strangers."""


def told_rate(rate: float) -> float:
    """Return an estimated rate as it is told."""
    return max(rate, LEAST_RATE)


class Scores:
    """Knows the calibration of each embedder; safe to use from several threads."""

    def of(self, embedder: str) -> Calibration:
        """Return the calibration of an embedder.

        Raises:
            InvalidInput: there is none: its similarities mean nothing yet.
        """
        found = bundled(embedder)
        if found is None:
            raise InvalidInput(
                f"nobody knows yet what similarities of {embedder} mean; choose a pack whose "
                "embedder is calibrated, such as default"
            )
        return found
