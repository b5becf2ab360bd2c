"""What similarities mean: the calibration of each embedder, a tenant's own where it has one."""

from functools import lru_cache

from visavis.core.errors import InvalidInput
from visavis.index.calibration import Calibration, bundled
from visavis.usecases.ground import Ground

SETTINGS = "calibrations"
"""Where a tenant's own calibrations lie in its settings, by embedder."""

LEAST_RATE = 1e-9
"""Smaller rates are neither asked for nor told: nobody has compared so many strangers."""


def told_rate(rate: float) -> float:
    """Return an estimated rate as it is told."""
    return max(rate, LEAST_RATE)


class Scores:
    """Knows the calibrations; safe to use from several threads.

    Args:
        ground: Of the deployment.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def of(self, tenant_id: str, embedder: str) -> Calibration:
        """Return the calibration of an embedder for a tenant.

        Raises:
            InvalidInput: there is none: its similarities mean nothing yet.
        """
        with self._ground.store.reading() as work:
            tenant = work.tenants.find(tenant_id)
        own = tenant.settings.get(SETTINGS, {}).get(embedder) if tenant else None
        return _read(own) if own else self.shipped(embedder)

    def shipped(self, embedder: str) -> Calibration:
        """Return the calibration that ships for an embedder; raises as `of`."""
        found = bundled(embedder)
        if found is None:
            raise InvalidInput(
                f"nobody knows yet what similarities of {embedder} mean; choose a pack whose "
                "embedder is calibrated, such as default"
            )
        return found


@lru_cache(maxsize=256)
def _read(text: str) -> Calibration:
    return Calibration.from_json(text)
