"""Fitting calibrations to the similarities of impostors: pairs of different people.

The curves of different populations and cameras have nearly the same shape: standardised by their
median and their tenth, those of FairFace, LFW and CFP meet within five per cent down to an FMR of
0.0001. What differs is where they lie, much, and how wide they are, a little. So a large set
gives the shape once, and a refit moves and stretches it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from visavis.core.errors import InvalidInput
from visavis.index.calibration import Calibration

LEVELS = (
    *(0.9999, 0.999, 0.99, 0.9, 0.75, 0.5, 0.25),
    *(0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001, 0.00003, 0.00001),
)
"""FMR that a fitted curve runs through, as far as the pairs show them."""

REFIT_LEVELS = (0.5, 0.25, 0.1, 0.03, 0.01, 0.003, 0.001)
"""FMR that a refit looks at; half of all impostors and more never matter to a threshold."""

LEAST_PAIRS = 1_000
LEAST_BEYOND = 30
"""Pairs that must lie beyond a level for a refit to look at it …"""

LEAST_SEEN = 100
"""… and for a fitted curve to run through it: pairs that share a person count less than others."""

TRUSTED_PEOPLE = 100
"""At so many people half of a stretch is believed. Widths of curves of different populations differ
by about a tenth (standard deviation of their logarithm 0.07, over FairFace, LFW, CFP and the London
set); one measured on k people is off by about 1 / √(2 k). Both are alike at k = 1 / (2 · 0.07²)."""

STRETCHES = (0.5, 2.0)
SHOWN_RATES = (0.1, 0.01, 0.001)


@dataclass(frozen=True, slots=True)
class Refit:
    """What a refit changed.

    Attributes:
        pairs: Similarities that it was made from.
        people: How many people they are about, as told or guessed from the pairs.
        shift: By how much the curve's tenth moved, cosine.
        stretch: How many times as wide the curve is.
        thresholds: By FMR, such as `0.01`: cosine before and after.
        shares: By FMR: which share of the pairs lies at or above the threshold before and after.
    """

    pairs: int
    people: int
    shift: float
    stretch: float
    thresholds: Mapping[str, tuple[float, float]]
    shares: Mapping[str, tuple[float, float]]


def fit_calibration(
    embedder: str,
    similarities: NDArray[Any],
    made: Mapping[str, Any] | None = None,
    lowest: float = 0.0,
) -> Calibration:
    """Return the curve of impostors.

    Args:
        embedder: What made the vectors, such as `dlib_resnet@1`.
        similarities: (n,) cosines of pairs of different people; many different ones.
        made: For the record.
        lowest: FMR below which nothing is believed, because some pairs may be of one person after
            all, and be the most alike; the curve goes on straight from there.

    Raises:
        InvalidInput: there are too few pairs, or they are no similarities.
    """
    values = _checked(similarities)
    seen = [
        level
        for level in LEVELS
        if level >= lowest and len(values) * min(level, 1 - level) >= LEAST_SEEN
    ]
    try:
        return Calibration(
            embedder=embedder,
            similarities=tuple(_at_rates(values, seen).round(6).tolist()),
            rates=tuple(seen),
            observed=seen[-1],
            made=made or {},
        )
    except ValidationError as exc:
        raise InvalidInput(_UNLIKE) from exc


def refit(
    calibration: Calibration,
    similarities: NDArray[Any],
    people: int | None = None,
    made: Mapping[str, Any] | None = None,
) -> tuple[Calibration, Refit]:
    """Return the curve moved and stretched onto a deployment's own impostors, and what changed.

    Args:
        calibration: The curve so far.
        similarities: (n,) cosines of pairs of different people, taken as they come there.
        people: How many people; None = as many as give that many pairs, each with each.
        made: For the record.

    Raises:
        InvalidInput: there are too few pairs, or they are not those of different people and of
            this embedder.
    """
    values = _checked(similarities)
    known = people or int((1 + np.sqrt(1 + 8 * len(values))) / 2)
    levels = [level for level in REFIT_LEVELS if len(values) * level >= LEAST_BEYOND]
    before = np.array([calibration.threshold(level) for level in levels])
    here = _at_rates(values, levels)
    stretch = _stretch(before, here, known)
    offset = float((here - stretch * before).mean())
    moved = tuple((stretch * np.array(calibration.similarities) + offset).round(6).tolist())
    facts = calibration.model_dump() | {"similarities": moved, "made": made or {}}
    try:
        fresh = Calibration.model_validate(facts)
    except ValidationError as exc:
        raise InvalidInput(_UNLIKE) from exc
    return fresh, _report(calibration, fresh, values, known, stretch)


_UNLIKE = (
    "these do not look like similarities of different people by this embedder; check where they "
    "come from"
)


def _stretch(before: NDArray[np.float64], here: NDArray[np.float64], people: int) -> float:
    """Return how many times as wide the curve becomes: few people move it little."""
    apart = before - before.mean()
    measured = float(apart @ here / (apart @ apart))
    if not STRETCHES[0] <= measured <= STRETCHES[1]:
        raise InvalidInput(_UNLIKE)
    return float(measured ** (people / (people + TRUSTED_PEOPLE)))


def _report(
    before: Calibration,
    after: Calibration,
    values: NDArray[np.float64],
    people: int,
    stretch: float,
) -> Refit:
    thresholds = {
        f"{rate:g}": (before.threshold(rate), after.threshold(rate)) for rate in SHOWN_RATES
    }
    shares = {
        rate: (float((values >= old).mean()), float((values >= new).mean()))
        for rate, (old, new) in thresholds.items()
    }
    old, new = thresholds["0.1"]
    return Refit(len(values), people, new - old, stretch, thresholds, shares)


def _checked(similarities: NDArray[Any]) -> NDArray[np.float64]:
    """Return the cosines in order."""
    values = np.sort(np.asarray(similarities, np.float64).ravel())
    if len(values) < LEAST_PAIRS:
        raise InvalidInput(
            f"{len(values)} pairs are too few to calibrate with; give at least {LEAST_PAIRS} of "
            "different people"
        )
    if not np.isfinite(values).all() or values[0] < -1.001 or values[-1] > 1.001:
        raise InvalidInput("similarities are cosines, −1..1; give those of pairs of faces")
    return values


def _at_rates(values: NDArray[np.float64], rates: list[float]) -> NDArray[np.float64]:
    """Return the cosine that each share of the sorted values lies at or above."""
    found: NDArray[np.float64] = np.quantile(values, 1 - np.array(rates))
    return found
