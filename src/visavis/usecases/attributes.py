"""Attributes of one face as answers: a class or `unknown`, how sure, an age with its interval."""

from collections.abc import Iterator
from dataclasses import dataclass

from visavis.core.attributes import CLASSES, UNKNOWN, Head
from visavis.core.types import Faces, Floats
from visavis.vision.heads.age import age_interval, expected_age

AGE_COVERAGE = 0.8
"""How often the true age lies in the interval that is told: four times out of five."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one head says about one face.

    Attributes:
        head: The question.
        value: A class of the head, or `unknown` where no class is sure enough.
        confidence: Calibrated probability of the most probable class, 0..1.
        probabilities: (classes,) float32, in the order of `CLASSES`.
        version: Which learned file said it.
    """

    head: Head
    value: str
    confidence: float
    probabilities: Floats
    version: str

    @property
    def known(self) -> bool:
        """Whether a class is sure enough."""
        return self.value != UNKNOWN


@dataclass(frozen=True, slots=True)
class Age:
    """An age in years and the interval that holds the true one four times out of five."""

    years: float
    low: float
    high: float


def verdict(faces: Faces, i: int, head: Head) -> Verdict:
    """Return what `head`, which was asked, says about face `i`."""
    answers = faces.heads[head]
    probabilities = answers.probabilities[i]
    best = int(probabilities.argmax())
    confidence = float(probabilities[best])
    sure = confidence >= answers.unknown_below
    value = CLASSES[head][best] if sure else UNKNOWN
    return Verdict(head, value, confidence, probabilities, answers.version)


def age_of(probabilities: Floats) -> Age:
    """Return the age that the probabilities (9,) of the age bins mean."""
    one = probabilities[None]
    low, high = age_interval(one, AGE_COVERAGE)
    return Age(float(expected_age(one)[0]), float(low[0]), float(high[0]))


def caption(faces: Faces, i: int) -> str:
    """Return what the heads say about face `i` in one line; empty when none was asked."""
    return " · ".join(_told(faces, i))


def _told(faces: Faces, i: int) -> Iterator[str]:
    for head in Head:
        if head in faces.heads:
            said = verdict(faces, i, head)
            if head is Head.AGE:
                age = age_of(said.probabilities)
                yield f"{age.years:.0f} ({age.low:.0f}–{age.high:.0f})"
            elif said.known:
                yield f"{said.value.replace('_', ' ')} {percent(said.confidence)}"
            else:
                yield f"{head} unsure"


def percent(share: float) -> str:
    """Return a share as percent; never 0 or 100, since an estimate is neither."""
    return f"{min(max(round(100 * share), 1), 99)} %"
