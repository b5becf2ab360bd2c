"""1:1 verification on labelled pairs: how often "same person?" is answered rightly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.core.errors import InvalidInput
from visavis.core.types import Faces, Feature, Floats
from visavis.lab.curves import Scores, best_threshold, equal_error_rate, roc, tar_at_far
from visavis.lab.intervals import bootstrap, wilson
from visavis.lab.pairs import Pairs
from visavis.lab.subjects import Survey, subject
from visavis.usecases.analysis import Failure

FARS = ("0.01", "0.001", "0.0001")


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """Figures of one run; proportions are 0..1.

    Attributes:
        pairs: How many pairs were judged.
        accuracy: Share decided rightly, each fold with the threshold that suits the others best. A
            pair with a picture on which no face was found counts as decided wrongly.
        accuracy_std: Standard deviation of the accuracy over the folds.
        tar_at_far: Share of genuine pairs accepted at a false-accept rate; None where the impostor
            pairs are too few to measure that rate (fewer than one over it).
        eer: Equal error rate; a genuine pair without a face counts as rejected.
        failures_to_acquire: Pictures without a usable face, unreadable ones included.
        pack: Name of the weights.
        threshold: Cosine similarity that decides the most pairs rightly.
        folds: How many folds there were.
        genuine: Pairs of the same person.
        impostor: Pairs of different people.
        pictures: Different pictures in the list.
        failed_pairs: Pairs that could not be compared.
        intervals: 95 % intervals: `accuracy` (Wilson), `eer` and `tar_at_far` (bootstrap of pairs).
        unreadable: Pictures that could not be read, and why.
    """

    pairs: int
    accuracy: float
    accuracy_std: float
    tar_at_far: dict[str, float | None]
    eer: float
    failures_to_acquire: int
    pack: str
    threshold: float
    folds: int
    genuine: int
    impostor: int
    pictures: int
    failed_pairs: int
    intervals: dict[str, Any]
    unreadable: list[Failure] = field(default_factory=list)


def evaluate_verification(survey: Survey, pairs: Pairs, pack: str) -> VerificationReport:
    """Analyse each picture of the list once and judge all pairs.

    Args:
        survey: The engine and the pictures.
        pairs: Which pictures to compare.
        pack: Name of the weights, for the report.

    Raises:
        InvalidInput: the root and the list do not fit, or no impostor pair could be compared.
    """
    return report(pairs, embedded(survey, pairs), pack, survey.failures)


def embedded(survey: Survey, pairs: Pairs) -> dict[str, Floats]:
    """Return the vector (d,) of the face that each picture is about; left out where none is."""
    embeddings: dict[str, Floats] = {}
    for analysis in survey.run(names_of(pairs), {Feature.EMBEDDING}):
        vector = _embedding(analysis.faces, analysis.width, analysis.height)
        if vector is not None:
            embeddings[analysis.name] = vector
    return embeddings


def names_of(pairs: Pairs) -> tuple[str, ...]:
    """Return the name of each picture once."""
    return tuple(dict.fromkeys(pairs.first + pairs.second))


def report(
    pairs: Pairs,
    embeddings: Mapping[str, Floats],
    pack: str,
    unreadable: Sequence[Failure] = (),
    others: Mapping[str, Floats] | None = None,
) -> VerificationReport:
    """Judge pairs by the cosine of their embeddings.

    Args:
        pairs: Which pictures to compare.
        embeddings: (d,) float32 of unit length by picture; a picture left out has no face.
        pack: Name of the weights.
        unreadable: Pictures that could not be read.
        others: Those of the second picture of each pair, made by another embedder, say; None =
            the same.

    Raises:
        InvalidInput: no pair of different people could be compared.
    """
    scores = _scores(pairs, embeddings, embeddings if others is None else others)
    failed = np.isnan(scores)
    genuine = np.where(failed, -np.inf, scores)[pairs.same]
    impostor = scores[~pairs.same & ~failed]
    if not len(impostor):
        raise InvalidInput("no pair of different people could be compared; check --root and --pack")
    right, folds, names = judge(scores, pairs), np.unique(pairs.folds), names_of(pairs)
    eer, tars, intervals = _error_rates(genuine, impostor)
    return VerificationReport(
        pairs=len(pairs),
        accuracy=float(right.mean()),
        accuracy_std=float(np.std([right[pairs.folds == fold].mean() for fold in folds])),
        tar_at_far=tars,
        eer=eer,
        failures_to_acquire=sum(name not in embeddings for name in names),
        pack=pack,
        threshold=best_threshold(genuine, impostor),
        folds=len(folds),
        genuine=int(pairs.same.sum()),
        impostor=int((~pairs.same).sum()),
        pictures=len(names),
        failed_pairs=int(failed.sum()),
        intervals={"accuracy": wilson(int(right.sum()), len(pairs)), **intervals},
        unreadable=list(unreadable),
    )


def judge(scores: Scores, pairs: Pairs) -> NDArray[np.bool_]:
    """Decide each fold's pairs with the threshold that suits the other folds best.

    Args:
        scores: (n,) float64, similarity of each pair; NaN where it could not be compared.
        pairs: The truth and the folds.

    Returns:
        (n,) bool, whether each pair was decided rightly; False where it could not be compared.
    """
    right = np.zeros(len(pairs), bool)
    for fold in np.unique(pairs.folds):
        here = pairs.folds == fold
        known = ~here & ~np.isnan(scores)
        threshold = best_threshold(scores[known & pairs.same], scores[known & ~pairs.same])
        right[here] = (scores[here] >= threshold) == pairs.same[here]
    return right & ~np.isnan(scores)


def _error_rates(
    genuine: Scores, impostor: Scores
) -> tuple[float, dict[str, float | None], dict[str, Any]]:
    """Return the EER, the TAR at each FAR that can be measured, and the intervals of both."""
    measurable = [far for far in FARS if len(impostor) * float(far) >= 1]

    def figures(genuine: Scores, impostor: Scores) -> Scores:
        curve = roc(genuine, impostor)
        tars = [tar_at_far(curve, float(far)) for far in measurable]
        return np.array([equal_error_rate(curve), *tars])

    def resampled(rng: np.random.Generator) -> Scores:
        return figures(rng.choice(genuine, len(genuine)), rng.choice(impostor, len(impostor)))

    none: dict[str, Any] = dict.fromkeys(FARS)
    eer, *tars = figures(genuine, impostor).tolist()
    eer_ends, *tar_ends = bootstrap(resampled).T.tolist()
    ends = none | dict(zip(measurable, tar_ends, strict=True))
    return (
        eer,
        none | dict(zip(measurable, tars, strict=True)),
        {"eer": eer_ends, "tar_at_far": ends},
    )


def _embedding(faces: Faces, width: int, height: int) -> Floats | None:
    chosen = subject(faces, width, height)
    if chosen is None or faces.embeddings is None:
        return None
    vector = faces.embeddings[chosen]
    return vector if np.isfinite(vector).all() else None


def _scores(pairs: Pairs, left: Mapping[str, Floats], right: Mapping[str, Floats]) -> Scores:
    scores = np.full(len(pairs), np.nan)
    for i, (a, b) in enumerate(zip(pairs.first, pairs.second, strict=True)):
        if a in left and b in right:
            scores[i] = np.dot(left[a].astype(np.float64), right[b].astype(np.float64))
    return scores
