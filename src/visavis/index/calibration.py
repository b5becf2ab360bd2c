"""What a similarity means: how often two different people look that much alike to an embedder.

FMR, the false match rate, is the share of pairs of different people whose similarity is at or above
a threshold (1:1). FPIR, the false positive identification rate, is the share of people who are not
enrolled and yet find somebody among N templates at or above it (1:N). If the comparisons of one
search were independent, FPIR = 1 − (1 − FMR)^N. They nearly are: measured on LFW, CFP and FairFace
in galleries of 10 to 400 people that overstates an FPIR of 0.01 to 0.1 by a tenth on average and by
half at most, so that no correction is made.

A curve belongs to one embedder and to the mixture of people and pictures it was measured on: it
is fair for that mixture on average, neither for each group in it nor for every camera. `refit`
moves it to what a deployment sees.
"""

import math
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from visavis.core.errors import InvalidInput
from visavis.index.falling_curve import FallingCurve

BUNDLED = Path(__file__).parent / "calibrations"
MOST_BYTES = 64 * 1024
_MOST_POINTS = 100
_NORMAL = NormalDist()
_ROOT = math.sqrt(2)
_NEAREST = 1 - 1e-9
"""Cosines beyond ±this count as this: 1 itself would be infinitely far out."""


class Calibration(BaseModel):
    """The curve of an embedder: similarity to error rate and back.

    It runs through points; between them and beyond them it is smooth and falls. It is drawn as the
    normal deviate of the FMR over the inverse hyperbolic tangent of the cosine, where the tail of
    impostors is nearly straight (of LFW from 1e-3 to 1e-6), and goes on straight beyond its ends.

    Attributes:
        format: Name and version of this format.
        embedder: What made the vectors, such as `dlib_resnet@1`.
        similarities: (n,) cosines between −1 and 1, rising; n at least 3.
        rates: (n,) FMR at each, between 0 and 1, falling.
        observed: Lowest FMR down to which the shape of the curve was seen; below it is continued.
        made: From what, how many pairs, when: words and numbers for people to read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    format: Literal["visavis.calibration/1"] = "visavis.calibration/1"
    embedder: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,99}$")
    similarities: tuple[float, ...] = Field(min_length=3, max_length=_MOST_POINTS)
    rates: tuple[float, ...] = Field(min_length=3, max_length=_MOST_POINTS)
    observed: float = Field(gt=0, lt=1)
    made: Mapping[str, Any] = {}

    @model_validator(mode="after")
    def _falls(self) -> "Calibration":
        s, r = np.array(self.similarities), np.array(self.rates)
        if len(s) != len(r) or (np.diff(s) <= 0).any() or (np.diff(r) >= 0).any():
            raise ValueError("similarities must rise and rates fall, one for one")
        if not (s[0] > -_NEAREST and s[-1] < _NEAREST and r[-1] > 0 and r[0] < 1):
            raise ValueError("similarities lie between −1 and 1, rates between 0 and 1")
        return self

    def fmr(self, similarity: float) -> float:
        """Return the share of impostor pairs, 0..1, at or above a cosine.

        Raises:
            InvalidInput: it is not finite.
        """
        return float(self.fmrs(np.array([similarity], np.float64))[0])

    def fmrs(self, similarities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the FMR at each of many cosines (n,).

        Raises:
            InvalidInput: one is not finite.
        """
        if not np.isfinite(similarities).all():
            raise InvalidInput("a similarity is not finite; give cosines, −1..1")
        deviates = self.deviates(similarities).tolist()
        return np.array([math.erfc(-each / _ROOT) / 2 for each in deviates], np.float64)

    def deviates(self, similarities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the normal deviate of the FMR at each of many finite cosines (n,)."""
        return self._curve.at(_stretched(similarities))

    def threshold(self, fmr: float) -> float:
        """Return the lowest cosine, −1..1, at or above which at most `fmr` of impostors are.

        Args:
            fmr: Above 0, up to 1.

        Raises:
            InvalidInput: the rate is out of range.
        """
        _require_rate(fmr)
        if fmr == 1:
            return -1.0
        return math.tanh(self._curve.where(_NORMAL.inv_cdf(fmr)))

    def as_rare_as(
        self, other: "Calibration", similarities: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the cosines (n,) that impostors reach here as rarely as others on another curve.

        Args:
            other: The other curve.
            similarities: (n,) cosines on it; what is larger there is larger here.
        """
        deviates = other.deviates(similarities).tolist()
        return np.array([math.tanh(self._curve.where(each)) for each in deviates], np.float64)

    def fpir(self, similarity: float, gallery: int) -> float:
        """Return how often, 0..1, somebody unknown finds a candidate at or above a cosine.

        Args:
            similarity: The threshold, −1..1.
            gallery: Templates searched, 0 and more.

        Raises:
            InvalidInput: the similarity is not finite, or the gallery below 0.
        """
        _require_gallery(gallery)
        fmr = self.fmr(similarity)
        if fmr >= 1:
            return float(gallery > 0)
        return fmr if gallery == 1 else -math.expm1(gallery * math.log1p(-fmr))

    def threshold_for_fpir(self, target_fpir: float, gallery: int) -> float:
        """Return the lowest cosine at which at most `target_fpir` of unknown people are named.

        Args:
            target_fpir: Above 0, up to 1.
            gallery: Templates searched; an empty gallery is taken for one of 1.

        Raises:
            InvalidInput: the rate is out of range, or the gallery below 0.
        """
        return self.threshold(self.fmr_for_fpir(target_fpir, gallery))

    def fmr_for_fpir(self, target_fpir: float, gallery: int) -> float:
        """Return the FMR that a single comparison may have; arguments as `threshold_for_fpir`."""
        _require_rate(target_fpir)
        _require_gallery(gallery)
        if gallery <= 1 or target_fpir == 1:
            return target_fpir
        return -math.expm1(math.log1p(-target_fpir) / gallery)

    def is_extrapolated(self, fmr: float) -> bool:
        """Return whether a rate lies below all that was observed."""
        return fmr < self.observed

    def as_json(self) -> str:
        """Return the curve as text; it holds nothing of anybody's face."""
        return self.model_dump_json(indent=1)

    @staticmethod
    def from_json(text: str | bytes) -> "Calibration":
        """Return the curve that `as_json` wrote.

        Raises:
            InvalidInput: the text is none, or the curve does not fall.
        """
        if len(text) > MOST_BYTES:
            raise InvalidInput("the text is too long for a calibration; make a new one")
        try:
            return Calibration.model_validate_json(text)
        except ValidationError as exc:
            fault = exc.errors()[0]
            where = ".".join(map(str, fault["loc"])) or "the curve"
            raise InvalidInput(f"this is no calibration: {where}: {fault['msg']}") from exc

    @cached_property
    def _curve(self) -> FallingCurve:
        deviates = np.array([_NORMAL.inv_cdf(rate) for rate in self.rates])
        return FallingCurve(_stretched(np.array(self.similarities)), deviates)


def bundled(embedder: str) -> Calibration | None:
    """Return the calibration that ships for an embedder, or None when none does."""
    return _bundled().get(embedder)


@lru_cache(maxsize=1)
def _bundled() -> dict[str, Calibration]:
    files = sorted(BUNDLED.glob("*.json"))
    read = [Calibration.from_json(file.read_bytes()) for file in files]
    return {each.embedder: each for each in read}


def _stretched(similarities: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.arctanh(np.clip(similarities, -_NEAREST, _NEAREST))


def _require_rate(rate: float) -> None:
    if not 0 < rate <= 1:
        raise InvalidInput(
            f"an error rate lies above 0 and is 1 at most, such as 0.001, not {rate:g}"
        )


def _require_gallery(gallery: int) -> None:
    if gallery < 0:
        raise InvalidInput(f"a gallery holds 0 templates and more, not {gallery}")
