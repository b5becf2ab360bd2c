"""Observe: what can be told of each face from a closer look, cut out once for all of it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.core.attributes import Head
from visavis.core.types import EXPRESSIONS, QUALITY_PARTS, Faces, Feature, Floats, Pixels
from visavis.vision.stages.answers import Asked, answers_of, joined
from visavis.vision.stages.closeups import closeups, together
from visavis.vision.stages.expression import expression_of
from visavis.vision.stages.pose import pose_of
from visavis.vision.stages.quality import quality_of

OBSERVED = frozenset({Feature.POSE, Feature.QUALITY, Feature.EXPRESSION})
"""Features that need no head file."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What a batch of faces gave; rows that were not asked for are empty."""

    quality: Floats
    expression: Floats
    said: Mapping[Head, Floats]


def observe(
    pairs: Sequence[tuple[Pixels, Faces]], features: Collection[str], asked: Asked = ()
) -> list[Faces]:
    """Return the faces of each picture with what is asked for.

    Args:
        pairs: Pictures (h, w, 3) uint8 RGB, upright, and their faces with the mesh.
        features: Which of pose, quality and expression.
        asked: Head files, and what each is asked for.
    """
    found = [faces for _, faces in pairs]
    ends = np.cumsum([len(faces) for faces in found])
    with np.errstate(all="ignore"):  # numbers of a broken mesh end as NaN, not as warnings
        pose = pose_of(np.asarray(together(pairs).mesh))
        looks = list(_looks(pairs, pose, features, asked))
    if Feature.POSE in features:
        found = [f.with_pose(part) for f, part in _shared(found, [pose], ends)]
    if Feature.QUALITY in features:
        rows = [_none(QUALITY_PARTS), *(look.quality for look in looks)]
        found = [f.with_quality(part) for f, part in _shared(found, rows, ends)]
    if Feature.EXPRESSION in features:
        rows = [_none(EXPRESSIONS), *(look.expression for look in looks)]
        found = [f.with_expression(part) for f, part in _shared(found, rows, ends)]
    if not asked:
        return found
    answers = joined([look.said for look in looks], asked)
    starts = [0, *ends[:-1]]
    return [
        faces.with_heads({h: a.select(slice(i, j)) for h, a in answers.items()})
        for faces, i, j in zip(found, starts, ends, strict=True)
    ]


def _looks(
    pairs: Sequence[tuple[Pixels, Faces]], pose: Floats, features: Collection[str], asked: Asked
) -> Iterator[_Look]:
    """Look at the faces a few at a time, if anything that is asked for needs it."""
    judged, expressive = Feature.QUALITY in features, Feature.EXPRESSION in features
    if not (judged or expressive or asked):
        return
    done = 0
    for closer in closeups(pairs):
        turned = pose[done : done + len(closer)]
        done += len(closer)
        quality = quality_of(closer, turned) if judged else _none(QUALITY_PARTS)
        expression = expression_of(closer, turned) if expressive else _none(EXPRESSIONS)
        yield _Look(quality, expression, answers_of(closer, asked))


def _none(columns: Sequence[str]) -> Floats:
    return np.zeros((0, len(columns)), np.float32)


def _shared(
    found: list[Faces], rows: Sequence[Floats], ends: NDArray[np.int_]
) -> Iterator[tuple[Faces, Floats]]:
    """Give each picture's faces their rows."""
    return zip(found, np.split(np.concatenate(rows), ends[:-1]), strict=True)
