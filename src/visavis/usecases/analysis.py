"""Analyse pictures: encoded bytes in; faces, JSON and an annotated picture out.

Every picture ends as an `Analysis` or a `Failure`; one bad picture never stops the others.
"""

import hashlib
import time
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field

import structlog

from visavis.core.errors import DeadlineExceeded, InvalidImage, WeightsError
from visavis.core.settings import BatchOptions, ImageOptions, QualityOptions
from visavis.core.trace import Trace, current_parent
from visavis.core.types import Faces, Feature, Pixels, Source
from visavis.usecases.attributes import caption
from visavis.usecases.drift import Drift
from visavis.usecases.policy import Policy
from visavis.vision.analyzer import Analyzer
from visavis.vision.batching import Batcher
from visavis.vision.images import decode
from visavis.vision.render.annotate import annotate as draw
from visavis.vision.stages.gate import Reason, judge

log = structlog.get_logger(__name__)

DEFAULT_FEATURES = frozenset({Feature.POINTS, Feature.MESH})


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was found on one picture.

    Attributes:
        name: The picture's name as given.
        sha256: Hex digest of the encoded bytes.
        width: Of the upright picture, pixels.
        height: Of the upright picture, pixels.
        faces: The faces, best score first.
        pack: Name of the weights that found them.
        took_ms: Time from decode to result, milliseconds, without waiting; pictures that were
            worked on together share it.
        annotated: JPEG bytes with boxes, points and what the heads say drawn in, when asked for.
        reasons: Why each face is not good enough to be enrolled, with `quality`; else empty.
    """

    name: str
    sha256: str
    width: int
    height: int
    faces: Faces
    pack: str
    took_ms: float
    annotated: bytes | None = field(default=None, repr=False)
    reasons: tuple[tuple[Reason, ...], ...] = ()

    def reasons_of(self, i: int) -> tuple[Reason, ...]:
        """Return why face `i` is not good enough; nothing when it is, or nobody asked."""
        return self.reasons[i] if self.reasons else ()


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one picture gave no result.

    Attributes:
        name: The picture's name as given.
        category: An `ImageFault` value, `deadline`, `weights` or `internal`.
        reason: One sentence for the person who sent it.
    """

    name: str
    category: str
    reason: str


@dataclass(frozen=True, slots=True)
class Request:
    """One picture that waits to be looked at."""

    source: Source
    features: frozenset[Feature]
    annotate: bool
    trace: Trace | None = None


class Analyses:
    """Analyses pictures for all doors of one process.

    Args:
        analyzer: One pack of weights, loaded.
        images: Caps on pictures.
        batch: Queue size, batch size, deadline.
        workers: Pictures worked on at the same time.
        policy: What may be asked for; without one nothing sensitive.
        drift: Counts what the heads say; None = nobody counts.
        quality: Below which limits a quality is a reason.
    """

    def __init__(
        self,
        analyzer: Analyzer,
        images: ImageOptions,
        batch: BatchOptions,
        workers: int,
        policy: Policy = Policy(),  # noqa: B008  # frozen
        drift: Drift | None = None,
        quality: QualityOptions = QualityOptions(),  # noqa: B008  # frozen
    ) -> None:
        self._analyzer = analyzer
        self._images = images
        self._policy = policy
        self._drift = drift
        self._quality = quality
        self._deadline_s = batch.deadline_s
        self._ahead = workers + 2 * batch.max_items
        self._workers = workers
        self._batcher = Batcher[Request, Analysis](self._work, workers, batch)

    @property
    def embedder(self) -> str:
        """What is noted beside the vectors, such as `dlib_resnet@1`."""
        return self._analyzer.embedder

    @property
    def pack(self) -> str:
        """Which weights serve."""
        return self._analyzer.pack

    def submit(
        self,
        source: Source,
        features: Collection[Feature] = DEFAULT_FEATURES,
        *,
        annotate: bool = False,
        wait: bool = False,
    ) -> "Future[Analysis]":
        """Queue one picture.

        Args:
            source: The encoded picture.
            features: What to find beside boxes and scores.
            annotate: Also draw the faces into a copy.
            wait: Block while the queue is full, instead of refusing.

        Returns:
            A future that gives the analysis or raises `InvalidImage`, `DeadlineExceeded`, ….

        Raises:
            NotAllowed: the policy forbids one of the features.
            Overloaded: the queue is full.
            Unavailable: the service is stopping or its workers died.
        """
        self._policy.check(features)
        request = Request(source, frozenset(features), annotate, current_parent())
        return self._batcher.submit(request, wait=wait)

    def analyze(
        self,
        sources: Iterable[Source],
        features: Collection[Feature] = DEFAULT_FEATURES,
        *,
        annotate: bool = False,
    ) -> Iterator[Analysis | Failure]:
        """Analyse pictures in order; sources are read only a few ahead of the results.

        Raises:
            NotAllowed: the policy forbids one of the features.
        """
        pending: deque[tuple[str, Future[Analysis]]] = deque()
        for source in sources:
            future = self.submit(source, features, annotate=annotate, wait=True)
            pending.append((source.name, future))
            if len(pending) > self._ahead:
                yield self.outcome(*pending.popleft())
        while pending:
            yield self.outcome(*pending.popleft())

    def outcome(self, name: str, future: "Future[Analysis]") -> Analysis | Failure:
        """Wait for one picture and turn its error, if any, into a `Failure`."""
        try:
            return self.result(future)
        except InvalidImage as exc:
            return Failure(name, exc.category.value, exc.reason)
        except DeadlineExceeded as exc:
            return Failure(name, "deadline", str(exc))
        except WeightsError as exc:
            log.error("picture_failed", reason=str(exc))  # noqa: TRY400  # it says why
            return Failure(name, "weights", str(exc))
        except Exception as exc:  # a batch goes on past any bad picture
            log.exception("picture_failed", error=type(exc).__name__)
            return Failure(name, "internal", f"it could not be analysed ({type(exc).__name__})")

    def result(self, future: "Future[Analysis]") -> Analysis:
        """Wait for one picture, at most the deadline.

        Raises:
            DeadlineExceeded: it took too long.
            InvalidImage: it cannot be decoded.
        """
        try:
            return future.result(timeout=2 * self._deadline_s)
        except TimeoutError as exc:
            future.cancel()
            late = f"took longer than {self._deadline_s:g} s; send a smaller picture"
            raise DeadlineExceeded(late) from exc

    def warm_up(self) -> None:
        """Make the first picture as quick as the others; for servers, takes about a second."""
        self._analyzer.warm_up(self._workers)

    def problems(self) -> list[str]:
        """Return why the service is not ready, one sentence each; empty when it is."""
        alive, wanted = self._batcher.alive()
        return [] if alive == wanted else [f"{alive} of {wanted} analysis workers are alive"]

    def waiting(self) -> int:
        """Return how many pictures wait for a worker."""
        return self._batcher.waiting()

    def close(self) -> None:
        """Finish what is being worked on and stop."""
        self._batcher.close()

    def _work(self, requests: list[Request]) -> list[Analysis | Exception]:
        """Analyse the pictures one worker took; those that ask for the same share its runs."""
        started = time.perf_counter()
        images = [self._decoded(request.source.data) for request in requests]
        results: dict[int, Analysis | Exception] = {
            i: image for i, image in enumerate(images) if isinstance(image, InvalidImage)
        }
        for features in {request.features for request in requests}:
            same = {
                i: image
                for i, image in enumerate(images)
                if requests[i].features == features and not isinstance(image, InvalidImage)
            }
            found = self._analyzer.analyze(list(same.values()), features)
            self._note(features, found)
            for (i, image), faces in zip(same.items(), found, strict=True):
                results[i] = self._finish(requests[i], image, faces, started)
        return [results[i] for i in range(len(requests))]

    def _note(self, features: Collection[Feature], found: list[Faces]) -> None:
        """Keep the record of sensitive features, and the counts that show drift."""
        self._policy.record(features, sum(map(len, found)))
        if self._drift is not None:
            for faces in found:
                self._drift.count(faces)

    def _decoded(self, data: bytes) -> Pixels | InvalidImage:
        try:
            return decode(data, self._images)
        except InvalidImage as exc:
            return exc

    def _finish(self, request: Request, image: Pixels, faces: Faces, started: float) -> Analysis:
        captions = [caption(faces, i) for i in range(len(faces))] if request.annotate else []
        annotated = draw(image, faces, captions) if request.annotate else None
        return Analysis(
            name=request.source.name,
            sha256=hashlib.sha256(request.source.data).hexdigest(),
            width=image.shape[1],
            height=image.shape[0],
            faces=faces,
            pack=self._analyzer.pack,
            took_ms=1000 * (time.perf_counter() - started),
            annotated=annotated,
            reasons=self._reasons(image, faces),
        )

    def _reasons(self, image: Pixels, faces: Faces) -> tuple[tuple[Reason, ...], ...]:
        return () if faces.quality is None else judge(image, faces, self._quality)
