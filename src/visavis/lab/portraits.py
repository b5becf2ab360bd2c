"""Portraits: pictures of one labelled face each, and where on them that face lies.

The pictures of attribute data sets are cut closely around a face, sometimes through it. Where the
detector sees nothing, the face is taken to lie where those of the other pictures lie: leaving such
pictures out would leave out the hard ones.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np

from visavis.core.errors import InvalidImage, InvalidInput, Unavailable
from visavis.core.settings import DetectOptions, ImageOptions
from visavis.core.types import Faces, Feature, Floats, Pixels
from visavis.lab.roots import Root, safe_names
from visavis.lab.subjects import UNREADABLE, subject
from visavis.usecases.analysis import Failure
from visavis.vision.analyzer import Analyzer
from visavis.vision.images import decode

PORTRAIT_LONG_SIDE_PX = 192
"""A face that fills its picture is found best when it is about as large as those that detectors are
trained on (measured: of 400 faces of FairFace 4 are missed, against 14 at the default)."""

_AHEAD = 4
"""Pictures begun before they are taken, a worker: enough to keep all busy when one is slow, and
few enough for large photos to fit into memory together."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """One labelled picture with its face.

    Attributes:
        name: The picture's name under the root.
        image: (h, w, 3) uint8 RGB, upright.
        faces: Exactly one face, with its mesh.
        assumed: Whether the detector saw nothing, and the usual place was taken.
    """

    name: str
    image: Pixels = field(repr=False)
    faces: Faces = field(repr=False)
    assumed: bool = False


def portrait_options(options: DetectOptions) -> DetectOptions:
    """Return detector settings for pictures that one face fills."""
    return options.model_copy(
        update={
            "long_side_px": PORTRAIT_LONG_SIDE_PX,
            "second_look_px": 0,
            "try_rotations": False,
        }
    )


def for_portraits(analyzer: Analyzer) -> Analyzer:
    """Return the same pipeline with `portrait_options`."""
    detect = replace(analyzer.detect, options=portrait_options(analyzer.detect.options))
    return replace(analyzer, detect=detect)


@dataclass(slots=True)
class PortraitReader:
    """Reads labelled pictures and finds their faces, several at once.

    Attributes:
        analyzer: One made by `for_portraits`.
        root: Where the pictures lie.
        images: Caps on pictures.
        workers: Pictures worked on at the same time.
        tick: Called once for each picture that is done.
        failures: Grows with each picture that cannot be read; they stop nothing.
    """

    analyzer: Analyzer
    root: Root
    images: ImageOptions
    workers: int = 1
    tick: Callable[[], None] = lambda: None
    failures: list[Failure] = field(default_factory=list)

    def read(self, names: Sequence[str]) -> Iterator[Portrait]:
        """Yield the portrait of each readable picture once: first the found, last the assumed.

        Raises:
            InvalidInput: a name leads out of the root, or none of the pictures is there.
            Unavailable: no picture can be read, or none shows a face.
        """
        names = safe_names(names)
        if not any(self.root.has(name) for name in names):
            raise InvalidInput("the root holds none of the listed pictures; check --root")
        faceless: list[str] = []
        places: list[tuple[Floats, Floats]] = []
        for name, portrait in self._map(self._found, names):
            if portrait is None:
                faceless.append(name)
            else:
                places.append(_place(portrait))
                self.tick()
                yield portrait
        if not places:
            raise Unavailable(self._nothing_found(faceless))
        usual = _usual(places)
        for _, portrait in self._map(lambda name: self._assumed(name, usual), faceless):
            self.tick()
            if portrait is not None:
                yield portrait

    def _nothing_found(self, faceless: list[str]) -> str:
        if faceless:
            return "no listed picture shows a face that can be found; check the list"
        return f"no listed picture can be read; the first: {self.failures[0].reason}"

    def _map(
        self, work: Callable[[str], Portrait | None], names: Sequence[str]
    ) -> Iterator[tuple[str, Portrait | None]]:
        """Work on a few pictures ahead of what is taken; note and skip those that fail."""
        rest = iter(names)
        with ThreadPoolExecutor(self.workers) as pool:
            ahead = islice(rest, _AHEAD * self.workers)
            waiting = deque((name, pool.submit(work, name)) for name in ahead)
            while waiting:
                name, future = waiting.popleft()
                waiting.extend((name, pool.submit(work, name)) for name in islice(rest, 1))
                try:
                    result = future.result()
                except InvalidInput as exc:
                    self._note(name, exc)
                else:
                    yield name, result

    def _note(self, name: str, fault: InvalidInput) -> None:
        category = fault.category.value if isinstance(fault, InvalidImage) else UNREADABLE
        self.failures.append(Failure(name, category, str(fault)))
        self.tick()

    def _found(self, name: str) -> Portrait | None:
        image = decode(self.root.read(name), self.images)
        faces = self.analyzer.detect(image)
        which = subject(faces, image.shape[1], image.shape[0])
        if which is None:
            return None
        return self._meshed(name, image, faces.select([which]), assumed=False)

    def _assumed(self, name: str, usual: tuple[Floats, Floats]) -> Portrait:
        image = decode(self.root.read(name), self.images)
        frame = np.array(image.shape[1::-1], np.float32)
        box, points = ((part * frame)[None].astype(np.float32) for part in usual)
        faces = Faces(box.reshape(1, 4), np.zeros(1, np.float32), points)
        return self._meshed(name, image, faces, assumed=True)

    def _meshed(self, name: str, image: Pixels, faces: Faces, *, assumed: bool) -> Portrait:
        faces = self.analyzer.describe([(image, faces)], {Feature.MESH})[0]
        return Portrait(name, image, faces, assumed)


def _place(portrait: Portrait) -> tuple[Floats, Floats]:
    """Return where the face lies in its frame: corners (2, 2) and points (5, 2), 0..1."""
    frame = np.array(portrait.image.shape[1::-1], np.float32)
    return portrait.faces.boxes[0].reshape(2, 2) / frame, portrait.faces.points[0] / frame


def _usual(places: list[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """Return the median place of many faces."""
    corners, points = zip(*places, strict=True)
    return np.median(corners, axis=0), np.median(points, axis=0)
