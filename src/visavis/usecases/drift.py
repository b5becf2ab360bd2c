"""Drift: do the faces of this deployment look like those the heads were trained on?

The process keeps, for each head, the mean calibrated probability of each class over the faces it
analysed, and of their overall quality the share in each tenth: sums, never a face. They are
compared with the shares that the head file's card states.

Two figures say how far apart they are:

* PSI, the population stability index, Σ (p − q) · ln(p / q) over the classes. Below 0.1 the
  populations are taken to be alike, from 0.2 on to differ enough to look into (N. Siddiqi, Credit
  Risk Scorecards, 2006, draws the lines at 0.1 and 0.25; we warn a little earlier). By chance alone
  it is about (classes − 1) · (1/n + 1/m) for samples of n and m faces (B. Yurdakul, Statistical
  Properties of Population Stability Index, 2018): 0.04 for 200 faces and nine classes.
* The shift: expected age in years, quality in points, else the largest change of a class' share.

Drift says that the people or the camera changed, not that the answers are wrong.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.core.attributes import CLASSES, Head
from visavis.core.errors import WeightsError
from visavis.core.types import QUALITY_PARTS, Faces
from visavis.vision.heads.age import expected_age
from visavis.vision.heads.card import HeadCard

WINDOW = 2000
"""Faces after which a face's weight has fallen to 1/e: half of the weight lies on the last 1,400.
That is a morning at a busy door and weeks in an office; by chance alone PSI then stays near 0.004,
far below what is worth a look."""

LEAST_FACES = 200
"""Below this nothing is said: chance alone would bring PSI to 0.04 and more."""

SMOOTHING = 1e-3
"""Added to every share before they are compared, so that an empty class is rare, not impossible."""

ALIKE_BELOW, APART_FROM = 0.1, 0.2
"""How PSI is read, see above."""

QUALITY = "quality"
"""The subject beside the heads."""

_QUALITY_KEY = (QUALITY, "")

QUALITY_TENTHS = tuple(f"{low}-{low + 10}" for low in range(0, 100, 10))
_TENTH_CENTRES = np.arange(5.0, 100, 10)

Shares = NDArray[np.float64]
"""(classes,) float64, 0..1, sum 1."""


class Level(StrEnum):
    """How a reading is read."""

    TOO_FEW = "too few faces"
    ALIKE = "alike"
    MOVED = "moved"
    APART = "apart"


@dataclass(frozen=True, slots=True)
class Reading:
    """How far what is seen now is from the training data.

    Attributes:
        subject: A head, or `quality`.
        version: The head file that is compared with.
        classes: Names of the classes, or of the tenths of quality.
        reference: Their shares in the training data, 0..1.
        seen: Their shares now, 0..1; empty below `LEAST_FACES`.
        faces: Faces that the reading stands on, as far as they are not forgotten.
        psi: Population stability index, 0 = the same; None below `LEAST_FACES`.
        shift: Years of expected age, points of quality, else the change of the share that changed
            most; positive = more than in training; None below `LEAST_FACES`.
        most: The class whose share changed most; empty below `LEAST_FACES`.
    """

    subject: str
    version: str
    classes: Sequence[str]
    reference: Sequence[float]
    faces: float = 0.0
    seen: Sequence[float] = ()
    psi: float | None = None
    shift: float | None = None
    most: str = ""

    @property
    def level(self) -> Level:
        """What the PSI means."""
        if self.psi is None:
            return Level.TOO_FEW
        if self.psi < ALIKE_BELOW:
            return Level.ALIKE
        return Level.MOVED if self.psi < APART_FROM else Level.APART


@dataclass(slots=True)
class Fading:
    """Sums over a stream that forget: each new row makes all earlier ones count a little less.

    Attributes:
        sums: (classes,) float64, weighted sum of the rows.
        weight: Sum of the weights; grows from 0 towards `WINDOW` and never beyond.
    """

    sums: Shares
    weight: float = 0.0

    def add(self, rows: NDArray[Any]) -> None:
        """Add rows (n, classes) in order; how they are split into calls changes nothing."""
        if not len(rows):
            return
        fades = (1 - 1 / WINDOW) ** np.arange(len(rows) - 1, -1, -1, dtype=np.float64)
        kept = fades[0] * (1 - 1 / WINDOW)
        self.sums = self.sums * kept + fades @ rows.astype(np.float64)
        self.weight = self.weight * kept + float(fades.sum())


@dataclass(slots=True)
class Drift:
    """Counts what is seen and compares it; safe to use from several threads.

    Attributes:
        cards: Returns the card of the file that answers each head now.
    """

    cards: Callable[[], Mapping[Head, HeadCard]]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _counts: dict[tuple[str, str], Fading] = field(default_factory=dict)

    def count(self, faces: Faces) -> None:
        """Count the faces of one picture: what their heads say and how good they are."""
        if not len(faces):
            return
        rows: dict[tuple[str, str], NDArray[Any]] = {
            (head.value, answers.version): answers.probabilities
            for head, answers in faces.heads.items()
        }
        if faces.quality is not None:
            rows[_QUALITY_KEY] = tenths(faces.quality[:, QUALITY_PARTS.index("overall")])
        with self._lock:
            for key, part in rows.items():
                self._counts.setdefault(key, Fading(np.zeros(part.shape[1]))).add(part)

    def readings(self) -> list[Reading]:
        """Return a reading for each head that serves, and one for quality.

        A new version of a head starts a new count. Quality is judged by no learned file, so its
        count goes on, and is compared with the first card that states a reference.
        """
        try:
            cards = self.cards()
        except WeightsError:  # those who ask the heads are told; a look at figures goes on
            return []
        stated = [
            Reading(head.value, card.version, CLASSES[head], card.heads[head].shares)
            for head, card in sorted(cards.items())
        ]
        stated += [
            Reading(QUALITY, card.version, QUALITY_TENTHS, card.quality_shares)
            for _, card in sorted(cards.items())
            if card.quality_shares
        ][:1]
        fitting = [one for one in stated if len(one.reference) == len(one.classes)]
        self._forget_others({_key(one) for one in fitting})
        return [self._compared(one) for one in fitting]

    def _compared(self, stated: Reading) -> Reading:
        """Return what was stated together with what is seen, if that is enough."""
        with self._lock:
            counted = self._counts.get(_key(stated), Fading(np.zeros(len(stated.classes))))
            sums, weight = counted.sums, counted.weight
        if weight < LEAST_FACES:
            return replace(stated, faces=weight)
        seen, before = sums / weight, np.asarray(stated.reference, np.float64)
        return replace(
            stated,
            faces=weight,
            seen=tuple(seen.tolist()),
            psi=stability(seen, before),
            shift=_shift(stated.subject, seen, before),
            most=stated.classes[int(np.abs(seen - before).argmax())],
        )

    def _forget_others(self, serving: set[tuple[str, str]]) -> None:
        """Drop the counts of files that no longer serve."""
        with self._lock:
            for key in self._counts.keys() - serving - {_QUALITY_KEY}:
                del self._counts[key]


def _key(reading: Reading) -> tuple[str, str]:
    """Return under which name its count is kept."""
    quality = reading.subject == QUALITY
    return _QUALITY_KEY if quality else (reading.subject, reading.version)


def stability(seen: Shares, reference: Shares) -> float:
    """Return the smoothed population stability index: 0 for equal shares, the same both ways."""
    p, q = (
        (shares + SMOOTHING) / (shares.sum() + SMOOTHING * len(shares))
        for shares in (seen, reference)
    )
    return float(((p - q) * np.log(p / q)).sum())


def tenths(quality: NDArray[Any]) -> NDArray[np.float64]:
    """Return rows (k, 10), one-hot, of the tenths in which qualities (n,) 0..100 lie.

    A face whose quality cannot be judged has no row.
    """
    known = quality[np.isfinite(quality)]
    places = np.clip(known // 10, 0, 9).astype(int)
    rows: NDArray[np.float64] = np.eye(10)[places]
    return rows


def _shift(subject: str, seen: Shares, before: Shares) -> float:
    """Return how far the mean moved; see `Reading.shift`."""
    if subject == QUALITY:
        return float((seen - before) @ _TENTH_CENTRES)
    if subject == Head.AGE:
        now, then = expected_age(np.stack([seen, before]).astype(np.float32)).tolist()
        return float(now - then)
    change = seen - before
    return float(change[int(np.abs(change).argmax())])
