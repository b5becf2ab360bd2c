"""Similarities as CompreFace tells them: 0..1, with five decimals."""

from visavis.entry.http_api.dialects.likeness import likeness
from visavis.entry.services import Records
from visavis.index.calibration import Calibration
from visavis.usecases.actor import Actor
from visavis.usecases.scores import Scores

_DECIMALS = 5


class Scale:
    """Tells similarities of one embedder to one tenant.

    Args:
        records: Hold the tenant's own calibration, if it has one.
        actor: Who asks.
        embedder: What made the vectors.
    """

    def __init__(self, records: Records, actor: Actor, embedder: str) -> None:
        self._calibration: Calibration = Scores(records.ground).of(actor.tenant_id, embedder)

    def __call__(self, cosine: float) -> float:
        """Return how alike two faces are, 0..1."""
        return round(likeness(cosine, self._calibration), _DECIMALS)
