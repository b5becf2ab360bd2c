"""Running the engine over a data set, and telling whose face a picture is about."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from visavis.core.errors import InvalidInput, Unavailable
from visavis.core.types import Faces, Feature, Source
from visavis.lab.roots import Root, safe_names
from visavis.usecases.analysis import Analyses, Analysis, Failure

UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Survey:
    """One walk over the pictures of a data set.

    Attributes:
        analyses: What analyses pictures.
        root: Where the pictures lie.
        tick: Called once for each picture that is done.
        failures: Grows with each picture that cannot be read or analysed; they stop nothing.
    """

    analyses: Analyses
    root: Root
    tick: Callable[[], None] = lambda: None
    failures: list[Failure] = field(default_factory=list)

    def run(self, names: Sequence[str], features: Collection[Feature]) -> Iterator[Analysis]:
        """Analyse pictures by name and yield the results in order, failures left out.

        Raises:
            InvalidInput: a name leads out of the root, or none of the pictures is there.
            Unavailable: not one of them could be analysed.
        """
        if not any(self.root.has(name) for name in safe_names(names)):
            raise InvalidInput("the root holds none of the listed pictures; check --root")
        done = 0
        for outcome in self.analyses.analyze(self._sources(names), features):
            self.tick()
            if isinstance(outcome, Failure):
                self.failures.append(outcome)
            else:
                done += 1
                yield outcome
        if not done:
            raise Unavailable(f"no picture could be analysed; the first: {self.failures[0].reason}")

    def warm_up(self, names: Sequence[str], features: Collection[Feature]) -> None:
        """Analyse the first picture that is there, so that loading weights is not timed later."""
        first = [name for name in safe_names(names) if self.root.has(name)][:1]
        unheard = Survey(self.analyses, self.root)
        for _ in self.analyses.analyze(unheard._sources(first), features):
            pass

    def _sources(self, names: Sequence[str]) -> Iterator[Source]:
        for name in names:
            try:
                data = self.root.read(name)
            except InvalidInput as exc:
                self.failures.append(Failure(name, UNREADABLE, str(exc)))
                self.tick()
            else:
                yield Source(name, data)


def subject(faces: Faces, width: int, height: int) -> int | None:
    """Choose the face that a picture is about: large, and near the centre.

    A face weighs its area inside the picture times exp(−(d / r)²), with d the distance of its
    centre from the picture's and r a quarter of the picture's shorter side: at that distance a
    bystander has to cover e times the area to be taken for the subject.

    Args:
        faces: The faces of the picture.
        width: Of the picture, pixels.
        height: Of the picture, pixels.

    Returns:
        Index of the face, or None when there is none.
    """
    if not len(faces):
        return None
    frame = np.array([width, height], np.float64)
    low, high = np.clip(faces.boxes[:, :2], 0, frame), np.clip(faces.boxes[:, 2:], 0, frame)
    distance = np.linalg.norm((low + high - frame) / 2, axis=1) / (frame.min() / 4)
    return int(np.argmax(np.prod(high - low, axis=1) * np.exp(-(distance**2))))
