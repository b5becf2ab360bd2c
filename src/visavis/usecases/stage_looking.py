"""Looking at pictures by stages: each for itself what `usecases.analysis` does at once.

Jobs of one process meet in front of a few workers, which look at several pictures together.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from visavis.core.errors import DeadlineExceeded, InvalidImage
from visavis.core.settings import BatchOptions, ImageOptions, QualityOptions
from visavis.core.types import Faces, Feature, Pixels
from visavis.usecases.policy import Policy
from visavis.vision.analyzer import Analyzer
from visavis.vision.batching import Batcher
from visavis.vision.images import decode
from visavis.vision.stages.gate import Reason, judge


@dataclass(frozen=True, slots=True)
class Look:
    """One picture to be looked at.

    Attributes:
        picture: Encoded, or decoded already: (h, w, 3) uint8 RGB, upright.
        faces: What is known of its faces; None = they have to be found first.
        features: What to find beside the boxes.
    """

    picture: bytes | Pixels = field(repr=False)
    faces: Faces | None = None
    features: frozenset[Feature] = frozenset()


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen.

    Attributes:
        image: The decoded picture.
        faces: Its faces.
        took_ms: Time of the look, milliseconds, without waiting.
        reasons: Why each face is not good enough to be enrolled, with `quality`; else empty.
    """

    image: Pixels = field(repr=False)
    faces: Faces
    took_ms: float
    reasons: tuple[tuple[Reason, ...], ...] = ()


class Looking:
    """Looks at pictures for the stages of one process; safe to use from several threads.

    Args:
        analyzer: One pack of weights, loaded.
        images: Caps on pictures.
        batch: Queue size, batch size, deadline.
        workers: Pictures worked on at the same time.
        policy: What may be asked for.
        quality: Below which limits a quality is a reason.
    """

    def __init__(
        self,
        analyzer: Analyzer,
        images: ImageOptions,
        batch: BatchOptions,
        workers: int,
        policy: Policy,
        quality: QualityOptions,
    ) -> None:
        self._analyzer, self._images, self._quality = analyzer, images, quality
        self._policy, self._workers, self._deadline_s = policy, workers, batch.deadline_s
        self._batcher = Batcher[Look, Seen](self._work, workers, batch)

    def look(self, look: Look) -> Seen:
        """Look at a picture, when it is its turn.

        Raises:
            InvalidImage: it cannot be decoded.
            NotAllowed: the policy forbids one of the features.
            Unavailable: it takes too long, or this process stops.
        """
        self._policy.check(look.features)
        future = self._batcher.submit(look, wait=True)
        try:
            return future.result(timeout=2 * self._deadline_s)
        except TimeoutError as exc:
            future.cancel()
            late = f"took longer than {self._deadline_s:g} s; send a smaller picture"
            raise DeadlineExceeded(late) from exc

    def warm_up(self) -> None:
        """Make the first picture as quick as the others; takes about a second."""
        self._analyzer.warm_up(self._workers)

    def close(self) -> None:
        """Finish what is being looked at, and stop."""
        self._batcher.close()

    def _work(self, looks: list[Look]) -> list[Seen | Exception]:
        """Look at the pictures one worker took; those that ask for the same share its runs."""
        started = time.perf_counter()
        images = [self._decoded(look.picture) for look in looks]
        results: dict[int, Seen | Exception] = {
            i: image for i, image in enumerate(images) if isinstance(image, InvalidImage)
        }
        for features in {look.features for look in looks}:
            same = {
                i: image
                for i, image in enumerate(images)
                if looks[i].features == features and not isinstance(image, InvalidImage)
            }
            pairs = [(image, self._faces(looks[i], image)) for i, image in same.items()]
            found = self._analyzer.describe(pairs, features)
            self._policy.record(features, sum(map(len, found)))
            took_ms = 1000 * (time.perf_counter() - started)
            for (i, image), faces in zip(same.items(), found, strict=True):
                results[i] = Seen(image, faces, took_ms, self._reasons(image, faces))
        return [results[i] for i in range(len(looks))]

    def _decoded(self, picture: bytes | Pixels) -> Pixels | InvalidImage:
        if not isinstance(picture, bytes):
            return picture
        try:
            return decode(picture, self._images)
        except InvalidImage as exc:
            return exc

    def _faces(self, look: Look, image: Pixels) -> Faces:
        return self._analyzer.detect(image) if look.faces is None else look.faces

    def _reasons(self, image: Pixels, faces: Faces) -> tuple[tuple[Reason, ...], ...]:
        return () if faces.quality is None else judge(image, faces, self._quality)


class LoadedWhenNeeded:
    """Loads what looks at pictures when the first one comes: most processes never do.

    Args:
        load: Loads it.
    """

    def __init__(self, load: Callable[[], Looking]) -> None:
        self._load = load
        self._loaded: Looking | None = None
        self._lock = threading.Lock()

    def get(self) -> Looking:
        """Return what looks at pictures.

        Raises:
            WeightsError: a weight is missing and cannot be had.
        """
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def close(self) -> None:
        """Stop it, if it was loaded."""
        with self._lock:
            if self._loaded is not None:
                self._loaded.close()
