"""What Prometheus is told of jobs: how the queues are whenever it asks; never whose they are."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from visavis.core.errors import VisavisError
from visavis.store.job_queues import QueueState

log = structlog.get_logger(__name__)

Depths = Callable[[], Sequence[QueueState]]
"""Returns how the queues are."""

_ABOUT = {
    "waiting": "Jobs that wait.",
    "running": "Jobs that somebody works on.",
    "parked": "Jobs that did not work and wait for a person.",
    "retries": "Times that jobs which wait now were begun before.",
    "oldest_seconds": "How long the job that waits longest could have begun already.",
    "paused": "1 while the queue is paused.",
}


class QueueGauges(Collector):
    """Reads the queues whenever somebody asks.

    Args:
        depths: As for `Metrics`.
    """

    def __init__(self, depths: Depths) -> None:
        self._depths = depths

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Return nothing: the series follow the queues."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges as they stand; none while the database does not answer."""
        try:
            states = self._depths()
        except VisavisError as exc:
            log.warning("queues_not_counted", reason=type(exc).__name__)
            return
        now = datetime.now(UTC)
        for name, about in _ABOUT.items():
            gauge = GaugeMetricFamily(f"visavis_jobs_{name}", about, labels=("queue",))
            for state in states:
                gauge.add_metric([state.queue], _figure(state, name, now))
            yield gauge


def _figure(state: QueueState, name: str, now: datetime) -> float:
    match name:
        case "oldest_seconds":
            return max(0.0, (now - state.oldest).total_seconds()) if state.oldest else 0.0
        case "paused":
            return float(state.held)
    return float(getattr(state, name))
