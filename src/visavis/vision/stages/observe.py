"""Observe: pose, quality and expression of each face, from its mesh and its pixels."""

from collections.abc import Collection

import numpy as np

from visavis.core.types import EXPRESSIONS, QUALITY_PARTS, Faces, Feature, Pixels
from visavis.vision.stages.closeups import closeups
from visavis.vision.stages.expression import expression_of
from visavis.vision.stages.pose import pose_of
from visavis.vision.stages.quality import quality_of

OBSERVED = frozenset({Feature.POSE, Feature.QUALITY, Feature.EXPRESSION})
"""Features that this stage gives."""


def observe(image: Pixels, faces: Faces, features: Collection[Feature]) -> Faces:
    """Return the faces with those of pose, quality and expression that are asked for.

    Args:
        image: (h, w, 3) uint8 RGB, upright.
        faces: Its faces, with their mesh.
        features: What is asked for.
    """
    with np.errstate(all="ignore"):  # numbers of a broken mesh end as NaN, not as warnings
        return _observed(image, faces, features)


def _observed(image: Pixels, faces: Faces, features: Collection[Feature]) -> Faces:
    pose = pose_of(faces.mesh, len(faces))
    quality = [np.zeros((0, len(QUALITY_PARTS)), np.float32)]
    expression = [np.zeros((0, len(EXPRESSIONS)), np.float32)]
    if Feature.QUALITY in features or Feature.EXPRESSION in features:
        done = 0
        for closer in closeups(image, faces):
            turned = pose[done : done + len(closer.faces)]
            done += len(closer.faces)
            if Feature.QUALITY in features:
                quality.append(quality_of(closer, turned))
            if Feature.EXPRESSION in features:
                expression.append(expression_of(closer, turned))
    if Feature.POSE in features:
        faces = faces.with_pose(pose)
    if Feature.QUALITY in features:
        faces = faces.with_quality(np.concatenate(quality))
    if Feature.EXPRESSION in features:
        faces = faces.with_expression(np.concatenate(expression))
    return faces
