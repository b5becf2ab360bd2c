"""Pictures that another machine looks at; for the doors it is as if it were done here.

What waits, waits here, under the same caps and deadlines. What may be asked for is decided here,
and what was seen is counted here, as if the weights were in this process.
"""

import threading
from dataclasses import replace

import structlog

from visavis.core.errors import Unavailable, VisavisError
from visavis.core.settings import BatchOptions, ImageOptions
from visavis.core.trace import bound
from visavis.rpc.client import AnalysisClient
from visavis.rpc.generated.face_analysis_pb2 import AnalyzeRequest, DescribeResponse
from visavis.usecases.analysis import Analyses, Analysis, Request
from visavis.usecases.analysis_messages import from_message
from visavis.usecases.drift import Drift
from visavis.usecases.policy import Policy
from visavis.vision.batching import Batcher
from visavis.vision.images import check_bytes

log = structlog.get_logger(__name__)

_ASK_WITHIN_S = 3.0
"""How long whoever asks whether we are ready waits for the other machine."""


class RemoteAnalyses(Analyses):
    """Has pictures analysed elsewhere; safe to use from several threads.

    Args:
        client: Asks the other machine.
        images: Caps on pictures; what is too large is not sent.
        batch: Queue size and deadline; each picture is a call of its own.
        workers: Pictures that are there at a time.
        policy: What may be asked for.
        drift: Counts what the heads say; None = nobody counts.
    """

    def __init__(
        self,
        client: AnalysisClient,
        images: ImageOptions,
        batch: BatchOptions,
        workers: int,
        policy: Policy = Policy(),  # noqa: B008  # frozen
        drift: Drift | None = None,
    ) -> None:
        # The base's own would start workers around an analyzer, and there is none here.
        self._client = client
        self._images = images
        self._policy = policy
        self._drift = drift
        self._deadline_s = batch.deadline_s
        self._ahead = workers + 2
        self._maker = _Maker(client)
        alone = batch.model_copy(update={"max_items": 1})
        self._batcher = Batcher[Request, Analysis](self._work, workers, alone)

    @property
    def embedder(self) -> str:
        """What is noted beside the vectors, such as `dlib_resnet@1`.

        Raises:
            Unavailable: the other machine was never heard of.
        """
        return self._maker.known().embedder

    @property
    def pack(self) -> str:
        """Which weights serve there; raises as `embedder`."""
        return self._maker.known().pack

    def warm_up(self) -> None:
        """Ask what serves there; where nobody answers we start all the same, and are not ready."""
        try:
            self._maker.known()
        except VisavisError as exc:
            log.warning("analyzer_away", reason=str(exc))

    def problems(self) -> list[str]:
        """Return why the service is not ready, one sentence each; empty when it is."""
        try:
            self._maker.check()
        except VisavisError as exc:
            return [*super().problems(), str(exc)]
        return super().problems()

    def close(self) -> None:
        """Finish what is being worked on and stop."""
        super().close()
        self._client.close()

    def _work(self, requests: list[Request]) -> list[Analysis | Exception]:
        return [self._asked(request) for request in requests]

    def _asked(self, request: Request) -> Analysis | Exception:
        """Have one picture analysed; its name stays here."""
        try:
            check_bytes(request.source.data, self._images)
            with bound(trace=request.trace or ""):
                message = self._client.analyze(_message(request))
            self._maker.require(message.embedder)
            found = from_message(message)
        except VisavisError as exc:
            return exc
        self._note(request.features, [found.faces])
        return replace(found, name=request.source.name)


class _Maker:
    """Which weights serve on the other machine; they may not change while we run.

    Whoever takes vectors asks afterwards of which embedder they are. Were another one to serve
    there in the middle of that, vectors would be filed under the wrong name.
    """

    def __init__(self, client: AnalysisClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._told: DescribeResponse | None = None

    def known(self) -> DescribeResponse:
        """Return what was told first."""
        if self._told is not None:
            return self._told
        told = self._client.describe(_ASK_WITHIN_S)
        with self._lock:
            if self._told is None:
                self._told = told
            return self._told

    def check(self) -> None:
        """Refuse where nobody answers, or others serve by now."""
        self.require(self._client.describe(_ASK_WITHIN_S).embedder)

    def require(self, embedder: str) -> None:
        """Refuse vectors of another embedder than the one we know.

        Raises:
            Unavailable: others serve by now.
        """
        known = self.known().embedder
        if embedder != known:
            raise Unavailable(
                f"the analyzer at {self._client.address} uses {embedder} now, and this server "
                f"began with {known}; start this server again"
            )


def _message(request: Request) -> AnalyzeRequest:
    features = sorted(feature.value for feature in request.features)
    return AnalyzeRequest(
        image=request.source.data,
        features=features or [""],
        annotate=request.annotate,
        whole=True,
    )
