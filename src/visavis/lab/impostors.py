"""Impostors: pairs of different people, and how alike an embedder finds them."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

import numpy as np

from visavis.core.attributes import AGE_BINS, Head
from visavis.core.errors import InvalidInput
from visavis.core.types import Feature, Floats
from visavis.index.calibration import Calibration
from visavis.lab.curves import Scores
from visavis.lab.labels import Labelled
from visavis.lab.portraits import Portrait
from visavis.vision.analyzer import Analyzer
from visavis.vision.stages.embed import MOST_AT_ONCE

FIRST_ADULT_BIN = AGE_BINS.index("20-29")
"""The bin before it, 10–19, is of minors for the most part: nobody identifies them."""

STATED = (0.1, 0.03, 0.01, 0.003, 0.001)


def adults(labelled: Iterable[Labelled]) -> list[Labelled]:
    """Return those whose age is labelled 20 and more."""
    return [item for item in labelled if item.truth.get(Head.AGE, -1) >= FIRST_ADULT_BIN]


def embed_portraits(
    analyzer: Analyzer, portraits: Iterable[Portrait]
) -> tuple[tuple[str, ...], Floats]:
    """Return the pictures on which a face was found, and (n, d) float32 of unit length.

    Faces that the detector did not see and that were taken to lie at the usual place are left out:
    nobody would enrol them.

    Raises:
        InvalidInput: no face was found.
    """
    names: list[str] = []
    parts: list[Floats] = []
    seen = (portrait for portrait in portraits if not portrait.assumed)
    while batch := list(islice(seen, MOST_AT_ONCE)):
        pairs = [(portrait.image, portrait.faces) for portrait in batch]
        found = analyzer.describe(pairs, {Feature.EMBEDDING})
        for portrait, faces in zip(batch, found, strict=True):
            if faces.embeddings is not None and np.isfinite(faces.embeddings).all():
                names.append(portrait.name)
                parts.append(faces.embeddings)
    if not parts:
        raise InvalidInput("no face was found on the listed pictures; check the list")
    return tuple(names), np.concatenate(parts)


def impostors(vectors: Floats, people: Sequence[str] | None = None) -> Scores:
    """Return the cosines of all pairs of different people, (n,) float64.

    Args:
        vectors: (k, d) of unit length.
        people: Who is on each; None = somebody else on every one.
    """
    wide = vectors.astype(np.float64)
    _, who = np.unique(people or np.arange(len(wide)), return_inverse=True)
    scores: Scores = (wide @ wide.T)[np.triu(who[:, None] != who[None], 1)]
    return scores


def observed_rates(calibration: Calibration, scores: Scores) -> Mapping[str, float]:
    """Return the share of impostors at or above the threshold of each stated FMR."""
    return {
        f"{rate:g}": round(float((scores >= calibration.threshold(rate)).mean()), 7)
        for rate in STATED
    }
