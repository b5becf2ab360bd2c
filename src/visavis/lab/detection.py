"""Face detection on labelled pictures: average precision and recall by face height."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visavis.core.settings import Settings
from visavis.core.types import Floats
from visavis.lab.boxes import LabelledPicture
from visavis.lab.intervals import bootstrap
from visavis.lab.precision import (
    Ranking,
    average_precision,
    match,
    rank,
    recall_precision,
)
from visavis.lab.subjects import Survey
from visavis.usecases.analysis import Failure
from visavis.vision.stages.suppress import overlaps

HEIGHTS = {"all": 0, "h10": 10, "h30": 30, "h60": 60}
"""Least height of a face that counts, pixels of the picture."""

LOW_SCORE = 0.02
"""Detections are kept down to this score, so that average precision sees the whole curve."""

Found: TypeAlias = tuple[Floats, Floats]
"""Boxes (n, 4) x1 y1 x2 y2 and scores (n,) found on one picture."""

NOTHING: Found = (np.zeros((0, 4), np.float32), np.zeros(0, np.float32))


@dataclass(frozen=True, slots=True)
class DetectionReport:
    """Figures of one run; proportions are 0..1 and None where no face is wanted.

    Attributes:
        images: Pictures in the list.
        faces: Marked faces that count, of any height.
        ap: Average precision at an overlap of 0.5 for faces of at least the height in `HEIGHTS`.
            Smaller faces and those marked invalid are neither right nor wrong.
        recall: Share of faces found at any score down to `LOW_SCORE`, same keys.
        ms_per_image: Wall time ÷ pictures, with all workers busy, from bytes to boxes.
        pack: Name of the weights.
        at_threshold: `score` (the deployment's threshold), `recall` and `precision` there.
        intervals: 95 % intervals of `ap` (bootstrap of pictures).
        unreadable: Pictures that could not be read, and why; their faces count as missed.
    """

    images: int
    faces: int
    ap: dict[str, float | None]
    recall: dict[str, float | None]
    ms_per_image: float
    pack: str
    at_threshold: dict[str, Any]
    intervals: dict[str, Any]
    unreadable: list[Failure] = field(default_factory=list)


def evaluation_settings(settings: Settings) -> Settings:
    """Return the settings with the detector's score threshold lowered to `LOW_SCORE`."""
    low = min(LOW_SCORE, settings.detect.score_threshold)
    detect = settings.detect.model_copy(update={"score_threshold": low})
    return settings.model_copy(update={"detect": detect})


def evaluate_detection(
    survey: Survey, pictures: Sequence[LabelledPicture], pack: str, threshold: float
) -> DetectionReport:
    """Find the faces of all pictures and compare them with the marked ones.

    Args:
        survey: The engine (built with `evaluation_settings`) and the pictures.
        pictures: The marked faces.
        pack: Name of the weights, for the report.
        threshold: The score at which the deployment keeps a face.

    Raises:
        InvalidInput: the root holds none of the pictures.
    """
    names = tuple(dict.fromkeys(picture.name for picture in pictures))
    survey.warm_up(names, ())
    found = {}
    started = time.perf_counter()
    for analysis in survey.run(names, ()):
        found[analysis.name] = (analysis.faces.boxes, analysis.faces.scores)
    wall_ms = (time.perf_counter() - started) * 1000
    ranked = {key: ranking(pictures, found, height) for key, height in HEIGHTS.items()}
    recall, precision = _at(ranked, threshold)
    return DetectionReport(
        images=len(pictures),
        faces=int(ranked["all"].wanted.sum()),
        ap={key: _known(average_precision(each)) for key, each in ranked.items()},
        recall=_at(ranked, 0.0)[0],
        ms_per_image=wall_ms / len(names),
        pack=pack,
        at_threshold={"score": threshold, "recall": recall, "precision": precision},
        intervals={"ap": {key: _ap_ends(each) for key, each in ranked.items()}},
        unreadable=survey.failures,
    )


def ranking(
    pictures: Sequence[LabelledPicture], found: Mapping[str, Found], min_height: float
) -> Ranking:
    """Match all pictures' boxes and rank them together.

    Args:
        pictures: The marked faces.
        found: Boxes and scores by picture; a picture left out found nothing.
        min_height: Marked faces lower than this, pixels, are neither right nor wrong.
    """
    scores, outcomes, wanted = [], [], []
    for picture in pictures:
        boxes, confidences = found.get(picture.name, NOTHING)
        ignored = picture.invalid | (picture.boxes[:, 3] - picture.boxes[:, 1] < min_height)
        outcomes.append(match(overlaps(boxes, picture.boxes), confidences, ignored))
        scores.append(confidences)
        wanted.append(int((~ignored).sum()))
    return rank(scores, outcomes, np.array(wanted, np.int64))


def _at(
    ranked: Mapping[str, Ranking], threshold: float
) -> tuple[dict[str, float | None], dict[str, float | None]]:
    """Return recall and precision of each ranking at a score."""
    both = {key: recall_precision(each, threshold) for key, each in ranked.items()}
    recall, precision = ({key: _known(pair[i]) for key, pair in both.items()} for i in (0, 1))
    return recall, precision


def _ap_ends(ranked: Ranking) -> list[float] | None:
    """Return the ends of the 95 % interval of average precision."""
    if not ranked.wanted.sum():
        return None
    pictures = len(ranked.wanted)

    def resampled(rng: np.random.Generator) -> NDArray[np.float64]:
        weights = np.bincount(rng.integers(pictures, size=pictures), minlength=pictures)
        return np.array([average_precision(ranked, weights)])

    ends: list[float] = bootstrap(resampled)[:, 0].tolist()
    return ends


def _known(figure: float) -> float | None:
    return None if math.isnan(figure) else figure
