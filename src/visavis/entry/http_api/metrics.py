"""What the HTTP door tells Prometheus: requests, pictures, faces, drift, jobs; never whose."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from visavis.entry.http_api.metrics_of_jobs import Depths, QueueGauges
from visavis.usecases.drift import QUALITY, Reading

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The counters of one application, in a registry of its own.

    Args:
        waiting: Returns how many pictures wait to be analysed.
        readings: Returns how far what is seen is from what the heads were trained on.
        depths: Returns how the queues of jobs are.
    """

    def __init__(
        self,
        waiting: Callable[[], int],
        readings: Callable[[], Sequence[Reading]] = tuple,
        depths: Depths = tuple,
    ) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "visavis_http_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "visavis_http_request_seconds",
            "From the first byte of a request to the last byte of its answer.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._pictures = Counter(
            "visavis_pictures",
            "Pictures sent to the API, by outcome: analysed, or why not.",
            ("outcome",),
            registry=self.registry,
        )
        self._faces = Counter("visavis_faces", "Faces found.", registry=self.registry)
        depth = Gauge("visavis_queue_waiting", "Pictures that wait.", registry=self.registry)
        depth.set_function(waiting)
        self._jobs = Histogram(
            "visavis_job_seconds",
            "One try at a job in this process, without waiting.",
            ("queue", "outcome"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.registry.register(DriftGauges(readings))
        self.registry.register(QueueGauges(depths))

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        method = method if method in _METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def picture(self, outcome: str, faces: int = 0) -> None:
        """Count one picture: `analysed`, or the category of its failure."""
        self._pictures.labels(outcome).inc()
        self._faces.inc(faces)

    def job(self, queue: str, outcome: str, seconds: float) -> None:
        """Count one try at a job: `done`, or `failed`."""
        self._jobs.labels(queue, outcome).observe(seconds)


class DriftGauges(Collector):
    """Reads the drift whenever somebody asks; below the least number of faces only how many.

    Args:
        readings: As for `Metrics`.
    """

    def __init__(self, readings: Callable[[], Sequence[Reading]]) -> None:
        self._readings = readings

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Return nothing: the series follow the heads that serve."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges as they stand."""
        by_head = ("head",)
        psi = GaugeMetricFamily(
            "visavis_drift_psi",
            "Population stability index against the training data; 0.2 is worth a look.",
            labels=by_head,
        )
        shift = GaugeMetricFamily(
            "visavis_drift_shift",
            "Change of expected age (years), of quality (points), else of a class' share.",
            labels=by_head,
        )
        faces = GaugeMetricFamily(
            "visavis_drift_faces", "Faces the drift stands on, older ones fading.", labels=by_head
        )
        info = GaugeMetricFamily(
            "visavis_head_info", "1 for the file that answers a head.", labels=("head", "version")
        )
        for reading in self._readings():
            label = [reading.subject]
            faces.add_metric(label, reading.faces)
            if reading.psi is not None and reading.shift is not None:
                psi.add_metric(label, reading.psi)
                shift.add_metric(label, reading.shift)
            if reading.subject != QUALITY:
                info.add_metric([*label, reading.version], 1)
        yield from (psi, shift, faces, info)


class RequestMetrics:
    """Counts every request by the template of its route, so that paths cannot grow the series.

    Args:
        app: The application below.
        metrics: Where to count.
        routes: The templates to tell apart; everything else counts as `other`.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, routes: Iterable[str]) -> None:
        self._app = app
        self._metrics = metrics
        self._routes = frozenset(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, since = 500, time.perf_counter()

        async def send_watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_watched)
        finally:
            took_s = time.perf_counter() - since
            self._metrics.request(scope["method"], self._template(scope), status, took_s)

    def _template(self, scope: Scope) -> str:
        template = getattr(scope.get("route"), "path", "")
        return template if template in self._routes else "other"
