"""Parts of a result: what each stage hands in, and how it becomes one analysis."""

from collections.abc import Collection
from dataclasses import replace
from enum import StrEnum

import numpy as np

from visavis.core.errors import VisavisError
from visavis.core.types import Feature
from visavis.store.jobs import Job
from visavis.usecases.analysis import Analysis


class Part(StrEnum):
    """What a stage hands in."""

    BOXES = "boxes"
    DETECT = "detect"
    DESCRIBE = "describe"


BY_DETECT = frozenset({Feature.POINTS, Feature.MESH})
"""Features that come with the boxes."""

NOT_HERE = frozenset({Feature.EMBEDDING})
"""A vector of a face is a template: no result keeps it, and no part either."""


class PartsDiffer(VisavisError):
    """Two stages speak of different faces, as they do while versions are exchanged."""

    def __init__(self) -> None:
        super().__init__("its stages found different faces; run the same version of all services")


def features_of(job: Job) -> frozenset[Feature]:
    """Return what a job was asked to find."""
    return frozenset(Feature(name) for name in job.payload["features"])


def described(features: Collection[Feature]) -> frozenset[Feature]:
    """Return what of the features the stage `describe` has to find."""
    return frozenset(features) - BY_DETECT - NOT_HERE


def needed(features: Collection[Feature]) -> frozenset[Part]:
    """Return the parts without which a result is not whole."""
    return frozenset({Part.DETECT, Part.DESCRIBE} if described(features) else {Part.DETECT})


def merged(detect: Analysis, describe: Analysis | None) -> Analysis:
    """Return what both stages found as if it had been found at once.

    Args:
        detect: With boxes, points and mesh.
        describe: With everything else, of the same boxes; None = nobody asked for more.

    Raises:
        PartsDiffer: they speak of different faces.
    """
    if describe is None:
        return detect
    same = np.array_equal(detect.faces.boxes, describe.faces.boxes)
    if not same or detect.pack != describe.pack:
        raise PartsDiffer
    told = describe.faces
    faces = replace(
        detect.faces,
        heads=told.heads,
        pose=told.pose,
        quality=told.quality,
        expression=told.expression,
    )
    took_ms = detect.took_ms + describe.took_ms
    return replace(detect, faces=faces, reasons=describe.reasons, took_ms=took_ms)
