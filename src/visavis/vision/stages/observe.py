"""Observe: pose, quality and expression of each face, from its mesh and its pixels."""

from collections.abc import Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from visavis.core.types import EXPRESSIONS, QUALITY_PARTS, Faces, Feature, Floats, Pixels
from visavis.vision.stages.closeups import closeups, together
from visavis.vision.stages.expression import expression_of
from visavis.vision.stages.pose import pose_of
from visavis.vision.stages.quality import quality_of

OBSERVED = frozenset({Feature.POSE, Feature.QUALITY, Feature.EXPRESSION})
"""Features that this stage gives."""


def observe(pairs: Sequence[tuple[Pixels, Faces]], features: Collection[Feature]) -> list[Faces]:
    """Return the faces of each picture with those of pose, quality and expression asked for.

    Args:
        pairs: Pictures (h, w, 3) uint8 RGB, upright, and their faces with the mesh.
        features: What is asked for.
    """
    with np.errstate(all="ignore"):  # numbers of a broken mesh end as NaN, not as warnings
        pose = pose_of(np.asarray(together(pairs).mesh))
        quality, expression = _looked_at(pairs, pose, features)
    ends = np.cumsum([len(faces) for _, faces in pairs])[:-1]
    found = [faces for _, faces in pairs]
    if Feature.POSE in features:
        found = [f.with_pose(part) for f, part in _shared(found, pose, ends)]
    if Feature.QUALITY in features:
        found = [f.with_quality(part) for f, part in _shared(found, quality, ends)]
    if Feature.EXPRESSION in features:
        found = [f.with_expression(part) for f, part in _shared(found, expression, ends)]
    return found


def _looked_at(
    pairs: Sequence[tuple[Pixels, Faces]], pose: Floats, features: Collection[Feature]
) -> tuple[Floats, Floats]:
    """Return quality and expression of all faces; empty where not asked for."""
    quality = [np.zeros((0, len(QUALITY_PARTS)), np.float32)]
    expression = [np.zeros((0, len(EXPRESSIONS)), np.float32)]
    if Feature.QUALITY in features or Feature.EXPRESSION in features:
        done = 0
        for closer in closeups(pairs):
            turned = pose[done : done + len(closer)]
            done += len(closer)
            if Feature.QUALITY in features:
                quality.append(quality_of(closer, turned))
            if Feature.EXPRESSION in features:
                expression.append(expression_of(closer, turned))
    return np.concatenate(quality), np.concatenate(expression)


def _shared(
    found: list[Faces], rows: Floats, ends: NDArray[np.int_]
) -> Iterator[tuple[Faces, Floats]]:
    """Give each picture's faces their rows."""
    return zip(found, np.split(rows, ends), strict=True)
