"""1:N identification: is somebody of the gallery found, and nobody named who is not in it?

Open set: some people are enrolled; other pictures of them are mated probes, pictures of all other
people non-mated ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from visavis.core.types import Faces, Feature, Floats
from visavis.index.calibration import Calibration, bundled
from visavis.lab.curves import Scores, roc, tar_at_far
from visavis.lab.intervals import Interval, bootstrap, wilson
from visavis.lab.open_set import Plan, Searches, plan, search
from visavis.lab.people import People
from visavis.lab.subjects import Survey, subject
from visavis.usecases.analysis import Failure

FPIRS = ("0.1", "0.01", "0.001")


@dataclass(frozen=True, slots=True)
class IdentificationReport:
    """Figures of one run; proportions are 0..1.

    Attributes:
        gallery: N: people enrolled, whether or not a face was found on their pictures.
        probes: Pictures searched with, mated and non-mated.
        rank1: Share of mated probes whose best candidate is the right person.
        fnir_at_fpir: Share of mated probes that miss (the best candidate is not the right person or
            is below the threshold) where at most so many non-mated probes find anybody; None where
            these are too few to measure that rate (fewer than one over it).
        thresholds: The similarity at which that is measured; None with it.
        as_calibrated: By target FPIR: the `threshold` that a deployment takes for a gallery of this
            size, and the `fpir` and `fnir` found there; None without a calibration.
        templates: Pictures in the gallery on which a face was found.
        mated: Probes of people in the gallery.
        non_mated: Probes of other people on which a face was found.
        people: People in the data.
        enrolled_pictures: Pictures meant for the gallery, at most, a person.
        failures_to_acquire: Pictures without a usable face, unreadable ones included.
        without_face: Their names.
        embedder: What made the vectors.
        pack: Name of the weights.
        intervals: 95 % intervals: `rank1` (Wilson), `fnir_at_fpir` (bootstrap of people).
        unreadable: Pictures that could not be read, and why.
    """

    gallery: int
    probes: int
    rank1: float
    fnir_at_fpir: dict[str, float | None]
    thresholds: dict[str, float | None]
    as_calibrated: dict[str, dict[str, float]] | None
    templates: int
    mated: int
    non_mated: int
    people: int
    enrolled_pictures: int
    failures_to_acquire: int
    without_face: list[str]
    embedder: str
    pack: str
    intervals: dict[str, Any]
    unreadable: list[Failure] = field(default_factory=list)


def evaluate_identification(
    survey: Survey, people: People, pack: str, enrolled: int = 1
) -> IdentificationReport:
    """Analyse each picture once, enrol, and search with the rest.

    Args:
        survey: The engine and the pictures.
        people: Names of pictures by person.
        pack: Name of the weights, for the report.
        enrolled: Pictures a person to enrol.

    Raises:
        InvalidInput: there are too few people, or nobody could be enrolled or searched for.
    """
    dealt = plan(people, enrolled)
    embeddings: dict[str, Floats] = {}
    for analysis in survey.run(dealt.names, {Feature.EMBEDDING}):
        vector = embedding_of(analysis.faces, analysis.width, analysis.height)
        if vector is not None:
            embeddings[analysis.name] = vector
    embedder = survey.analyses.embedder
    return report(dealt, embeddings, pack, embedder, enrolled, survey.failures)


def report(
    dealt: Plan,
    embeddings: Mapping[str, Floats],
    pack: str,
    embedder: str,
    enrolled: int = 1,
    unreadable: Sequence[Failure] = (),
) -> IdentificationReport:
    """Search the gallery by the cosine of embeddings and count.

    Args:
        dealt: Who is enrolled and who is searched for.
        embeddings: (d,) float32 of unit length by picture; a picture left out has no face.
        pack: Name of the weights.
        embedder: What made the vectors.
        enrolled: Pictures a person that were to be enrolled.
        unreadable: Pictures that could not be read.

    Raises:
        InvalidInput: no face was found for the gallery, or none of a stranger.
    """
    found = search(dealt, embeddings)
    hits, alarms = _joined(found.hits), _joined(found.alarms)
    missing = [name for name in dealt.names if name not in embeddings]
    fnirs, thresholds, ends = _misses(found)
    templates = sum(name in embeddings for names in dealt.gallery.values() for name in names)
    right = int(np.isfinite(hits).sum())
    return IdentificationReport(
        gallery=len(dealt.gallery),
        probes=len(hits) + sum(map(len, dealt.strangers.values())),
        rank1=right / len(hits),
        fnir_at_fpir=fnirs,
        thresholds=thresholds,
        as_calibrated=_as_calibrated(hits, alarms, bundled(embedder), templates),
        templates=templates,
        mated=len(hits),
        non_mated=len(alarms),
        people=len(dealt.gallery) + len(dealt.strangers),
        enrolled_pictures=enrolled,
        failures_to_acquire=len(missing),
        without_face=missing,
        embedder=embedder,
        pack=pack,
        intervals={"rank1": wilson(right, len(hits)), "fnir_at_fpir": ends},
        unreadable=list(unreadable),
    )


def embedding_of(faces: Faces, width: int, height: int) -> Floats | None:
    """Return the embedding (d,) of the face that a picture is about; None without one."""
    chosen = subject(faces, width, height)
    if chosen is None or faces.embeddings is None:
        return None
    vector: Floats = faces.embeddings[chosen]
    return vector if np.isfinite(vector).all() else None


def _misses(
    found: Searches,
) -> tuple[dict[str, float | None], dict[str, float | None], dict[str, Interval | None]]:
    """Return FNIR, threshold and interval at each FPIR that can be measured."""
    hits, alarms = _joined(found.hits), _joined(found.alarms)
    measurable = [rate for rate in FPIRS if len(alarms) * float(rate) >= 1]
    enrolled, strangers = list(found.hits.values()), list(found.alarms.values())

    def figures(hits: Scores, alarms: Scores) -> Scores:
        curve = roc(hits, alarms)
        return np.array([1 - tar_at_far(curve, float(rate)) for rate in measurable])

    def resampled(rng: np.random.Generator) -> Scores:
        return figures(_redrawn(enrolled, rng), _redrawn(strangers, rng))

    none: dict[str, Any] = dict.fromkeys(FPIRS)
    if not measurable:
        return none, none.copy(), none.copy()
    ends = [(float(low), float(high)) for low, high in bootstrap(resampled).T]
    at = [_threshold(hits, alarms, float(rate)) for rate in measurable]
    values = figures(hits, alarms).tolist()
    pairs = (zip(measurable, part, strict=True) for part in (values, at, ends))
    fnirs, thresholds, intervals = (none | dict(part) for part in pairs)
    return fnirs, thresholds, intervals


def _as_calibrated(
    hits: Scores, alarms: Scores, calibration: Calibration | None, templates: int
) -> dict[str, dict[str, float]] | None:
    """Return what the operating points of a deployment do on these probes."""
    if calibration is None:
        return None
    points = {}
    for rate in FPIRS:
        at = calibration.threshold_for_fpir(float(rate), templates)
        found = {"fpir": (alarms >= at).mean(), "fnir": (hits < at).mean()}
        points[rate] = {"threshold": at} | {key: float(share) for key, share in found.items()}
    return points


def _threshold(hits: Scores, alarms: Scores, fpir: float) -> float | None:
    """Return the lowest of all scores that at most so many non-mated probes reach, if any."""
    curve = roc(hits, alarms)
    value = curve.thresholds[np.searchsorted(curve.far, fpir, side="right") - 1]
    return float(value) if np.isfinite(value) else None


def _redrawn(groups: Sequence[Scores], rng: np.random.Generator) -> Scores:
    """Return the scores of as many people, drawn with replacement: those of one hang together."""
    return np.concatenate([groups[i] for i in rng.integers(len(groups), size=len(groups))])


def _joined(scores: Mapping[str, Scores]) -> Scores:
    return np.concatenate(list(scores.values()))
