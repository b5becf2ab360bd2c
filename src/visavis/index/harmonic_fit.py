"""Fitting a harmonic map on faces that both embedders saw; no names are needed, only pairs.

Three kinds are tried, each solved in closed form, from the simplest to the most able: a turn
(orthogonal Procrustes: Schönemann, 1966), an affine map by ridge regression, and ridge regression
over randomly bent coordinates (Rahimi and Recht, 2008: random features), which follows embedders
that differ by more than a linear map. Cross-validation chooses; where a more able one is not
clearly better the simpler one is taken.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from visavis.core.errors import InvalidInput
from visavis.core.types import Floats
from visavis.index.calibration import Calibration
from visavis.index.calibration_fit import fit_calibration
from visavis.index.harmonics import Agreement, HarmonicMap, extended, unit

LEAST_PAIRS = 100
"""Fewer say nothing about held-out faces; a thousand and more make a map that is worth having."""

FOLDS = 5
PENALTIES = (1.0, 1e-1, 1e-2, 1e-3, 1e-4)
"""Of the ridge, as shares of the mean variance of a coordinate; the stiffest first."""

BENDS_A_DIMENSION = 4
MOST_BENDS = 1_024
"""More take minutes to solve for."""

MOST_COMPARED = 1_000
"""Held-out vectors of a fold that are compared with each other."""

_SEED = 0
_LEAST_HOLD = 1e-12

_Solve: TypeAlias = Callable[[Floats, Floats], list[Floats]]
_Folds: TypeAlias = list[NDArray[np.int64]]


@dataclass(frozen=True, slots=True, eq=False)
class _Family:
    """Ways to fit that share their coordinates.

    Attributes:
        name: `turn`, `ridge` or `bent`.
        bends: (a + 1, m) float32.
        solve: Makes weights (a + m + 1, b), one a way, the simplest first, of extended vectors
            (n, a + m + 1) and wanted ones (n, b).
    """

    name: str
    bends: Floats = field(repr=False)
    solve: _Solve = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """One way to fit, and the cosines (n,) that it reaches on held-out faces."""

    family: _Family
    index: int
    cosines: NDArray[np.float64]


def fit_harmonic(
    source: str,
    target: str,
    there: Floats,
    here: Floats,
    people: Sequence[str] | None = None,
) -> HarmonicMap:
    """Return the map that brings vectors of `source` nearest to those of `target`.

    Args:
        source: Embedder of `there`, such as `dlib_resnet@1`.
        target: Embedder of `here`.
        there: (n, a) float32, one vector a face; of many different people where possible.
        here: (n, b) float32, the same faces in the same order.
        people: Whose each face is, where that is known: then nobody is in two folds, and pairs of
            one person are not taken for impostors. None = somebody else's every time.

    Raises:
        InvalidInput: there are too few pairs, they do not go together, or a vector is 0 or not
            finite.
    """
    if there.ndim != 2 or here.ndim != 2 or len(there) != len(here):
        raise InvalidInput("the vectors do not go together; give both of each face, in one order")
    if len(there) < LEAST_PAIRS:
        raise InvalidInput(
            f"{len(there)} faces are too few to fit a map; give at least {LEAST_PAIRS}, better "
            "some thousands"
        )
    there, here, who = unit(there), unit(here), _numbered(people, len(there))
    folds = _folds(who)
    best = _chosen([way for each in _families(there) for way in _ways(each, there, here, folds)])
    family = best.family
    weights = family.solve(extended(there, family.bends), here)[best.index]
    mapped = _held_out(best, there, here, folds)
    nearest, among = _nearest(mapped, here, folds)
    agreement = Agreement(family.name, len(there), float(best.cosines.mean()), nearest, among)
    curves = (_calibration(target, mapped, other, who, folds) for other in (here, mapped))
    return HarmonicMap(source, target, family.bends, weights, agreement, *curves)


def _numbered(people: Sequence[str] | None, count: int) -> NDArray[np.int64]:
    if people is None:
        return np.arange(count)
    if len(people) != count:
        raise InvalidInput("the people do not go with the vectors; name one for each face")
    return np.unique(np.array(people), return_inverse=True)[1].astype(np.int64)


def _folds(who: NDArray[np.int64]) -> _Folds:
    """Deal the faces so that all of a person share a fold."""
    order = np.random.default_rng(_SEED).permutation(who.max() + 1)
    if len(order) < FOLDS:
        raise InvalidInput(f"the faces are of {len(order)} people; give those of more")
    return [np.flatnonzero(order[who] % FOLDS == fold) for fold in range(FOLDS)]


def _families(vectors: Floats) -> Iterator[_Family]:
    """Yield the families to try on vectors (n, a), the simplest first."""
    pairs, dimensions = vectors.shape
    straight = np.zeros((dimensions + 1, 0), np.float32)
    yield _Family("turn", straight, _turn)
    yield _Family("ridge", straight, _ridge)
    bends = _bends(vectors, min(BENDS_A_DIMENSION * dimensions, MOST_BENDS, pairs // 2))
    yield _Family("bent", bends, _ridge)


def _bends(vectors: Floats, count: int) -> Floats:
    """Return (a + 1, count): random directions among the vectors, each with its own threshold.

    Along every one the vectors (n, a) vary by about 1 around the middle, before the threshold.
    """
    rng = np.random.default_rng(_SEED)
    wide = vectors.astype(np.float64)
    spread = np.maximum(wide.std(axis=0), _LEAST_HOLD)[:, None] * np.sqrt(wide.shape[1])
    directions = rng.normal(size=(wide.shape[1], count)) / spread
    thresholds = rng.normal(size=count) - wide.mean(axis=0) @ directions
    return np.concatenate([directions, thresholds[None]]).astype(np.float32)


def _turn(inputs: Floats, wanted: Floats) -> list[Floats]:
    """Solve the orthogonal Procrustes problem; the constant coordinate is given no weight."""
    vectors = inputs[:, :-1].astype(np.float64)
    left, _, right = np.linalg.svd(vectors.T @ wanted.astype(np.float64), full_matrices=False)
    none = np.zeros((1, wanted.shape[1]))
    return [np.concatenate([left @ right, none]).astype(np.float32)]


def _ridge(inputs: Floats, wanted: Floats) -> list[Floats]:
    """Solve ridge regression for each penalty; the constant coordinate is not held down."""
    x, y = inputs[:, :-1].astype(np.float64), wanted.astype(np.float64)
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    x -= x_mean
    spreads, axes = np.linalg.eigh(x.T @ x)
    along = axes.T @ (x.T @ (y - y_mean))
    solutions = []
    for penalty in PENALTIES:
        held = max(penalty * float(spreads.mean()), _LEAST_HOLD)
        slopes = axes @ (along / (np.maximum(spreads, 0) + held)[:, None])
        constant = y_mean - x_mean @ slopes
        solutions.append(np.concatenate([slopes, constant[None]]).astype(np.float32))
    return solutions


def _ways(family: _Family, there: Floats, here: Floats, folds: _Folds) -> list[_Way]:
    """Fit on all folds but one, and look at the one, for each fold and each way."""
    inputs = extended(there, family.bends)
    cosines: dict[int, NDArray[np.float64]] = {}
    for held in folds:
        rest = np.setdiff1d(np.arange(len(there)), held)
        for i, weights in enumerate(family.solve(inputs[rest], here[rest])):
            near = np.einsum("nd,nd->n", _scaled(inputs[held] @ weights), here[held])
            cosines.setdefault(i, np.empty(len(there)))[held] = near
    return [_Way(family, i, near) for i, near in cosines.items()]


def _held_out(way: _Way, there: Floats, here: Floats, folds: _Folds) -> Floats:
    """Return what each face (n, b) is mapped to by a map that never saw it."""
    inputs, mapped = extended(there, way.family.bends), np.empty_like(here)
    for held in folds:
        rest = np.setdiff1d(np.arange(len(there)), held)
        weights = way.family.solve(inputs[rest], here[rest])[way.index]
        mapped[held] = _scaled(inputs[held] @ weights)
    return mapped


def _chosen(ways: list[_Way]) -> _Way:
    """Return the simplest whose mean cosine is within a standard error of the best one's."""
    best = max(ways, key=lambda way: way.cosines.mean())
    for way in ways:
        behind = best.cosines - way.cosines
        if behind.mean() <= behind.std() / np.sqrt(len(behind)):
            return way
    return best


def _nearest(mapped: Floats, here: Floats, folds: _Folds) -> tuple[float, int]:
    """Return the share of faces nearest to themselves, and among how many on average."""
    hits, sizes = 0, []
    for held in (fold[:MOST_COMPARED] for fold in folds):
        cosines = mapped[held] @ here[held].T
        hits += int((cosines.argmax(axis=1) == np.arange(len(held))).sum())
        sizes.append(len(held))
    return hits / sum(sizes), sum(sizes) // len(sizes)


def _calibration(
    target: str, mapped: Floats, other: Floats, who: NDArray[np.int64], folds: _Folds
) -> Calibration | None:
    """Return what the similarity of a mapped vector and one of `other` of somebody else means."""
    scores = []
    for held in (fold[:MOST_COMPARED] for fold in folds):
        others = who[held][:, None] != who[held][None]
        scores.append((mapped[held] @ other[held].T)[others])
    try:
        return fit_calibration(target, np.concatenate(scores), {"mapped": len(mapped)})
    except InvalidInput:  # nothing varies, or too few are of different people
        return None


def _scaled(vectors: Floats) -> Floats:
    """Return (n, d) of length 1; 0 stays 0."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    ready: Floats = vectors / np.maximum(length, np.finfo(np.float32).tiny)
    return ready
