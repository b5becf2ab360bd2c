"""Faces to be recognised: a picture in, its faces with vectors and quality out, and which is meant.

Nothing of it is kept: neither the picture nor the vectors.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import numpy as np

from visavis.core.errors import InvalidInput
from visavis.core.types import QUALITY_PARTS, Feature, Floats, Source
from visavis.usecases.analysis import Analyses, Analysis
from visavis.vision.stages.gate import ADVICE, Reason

FEATURES = frozenset({Feature.POINTS, Feature.EMBEDDING, Feature.QUALITY})
"""What recognising asks of a picture."""

LEAST_OVERLAP = 0.3
"""Share that a box somebody names and that of a face have in common at least, of both together."""

Box = tuple[float, float, float, float]
"""x1, y1, x2, y2 in pixels of the upright picture."""


class FaceMissing(InvalidInput):
    """No face is found where one is needed."""

    def __init__(self) -> None:
        super().__init__(
            "no face is found in the picture; send one that shows the whole face, upright and lit"
        )


class SeveralFaces(InvalidInput):
    """There are several faces where one is needed.

    Args:
        boxes: Of all of them.
    """

    def __init__(self, boxes: Sequence[Box]) -> None:
        super().__init__(
            f"there are {len(boxes)} faces in the picture; send one with a single face, or say "
            "which one you mean by its box"
        )
        self.boxes = tuple(boxes)


class PoorFace(InvalidInput):
    """A face is not good enough to be enrolled.

    Args:
        reasons: Why.
    """

    def __init__(self, reasons: Sequence[Reason]) -> None:
        super().__init__(" ".join(ADVICE[reason] for reason in reasons))
        self.reasons = tuple(reasons)


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face of a picture.

    Attributes:
        index: Its place among the faces of the picture, 0 = the surest.
        box: Where it is.
        score: How sure the detector is, 0..1.
        quality: As a whole, 0..100; None = it cannot be judged.
        reasons: Why it is not good enough to be enrolled; empty = it is.
        vector: (d,) float32 of unit length.
    """

    index: int
    box: Box
    score: float
    quality: float | None
    reasons: tuple[Reason, ...]
    vector: Floats = field(repr=False)


def look(analyses: Analyses, source: Source) -> tuple[Face, ...]:
    """Return the faces of a picture, the surest first.

    Raises:
        InvalidImage: it cannot be decoded.
        Overloaded: too many pictures are waiting.
        DeadlineExceeded: it took too long.
    """
    return seen(analyses, source)[1]


def seen(
    analyses: Analyses, source: Source, features: AbstractSet[Feature] = frozenset()
) -> tuple[Analysis, tuple[Face, ...]]:
    """Return all that is found on a picture, and its faces, one for one.

    Args:
        analyses: Looks at it.
        source: The picture.
        features: What is asked for beside what recognising needs; the caller asks the rules of the
            tenant for what is sensitive.

    Raises:
        NotAllowed: the policy of the deployment forbids one of the features.
        InvalidImage: it cannot be decoded.
        Overloaded: too many pictures are waiting.
        DeadlineExceeded: it took too long.
    """
    future = analyses.submit(source, FEATURES | features)
    found = analyses.result(future)
    return found, tuple(_face(found, i) for i in range(len(found.faces)))


def the_one(faces: Sequence[Face], box: Box | None = None) -> Face:
    """Return the face that is meant: the only one, or the one in a box.

    Raises:
        FaceMissing: there is none, or none in the box.
        SeveralFaces: there are several and no box.
    """
    if not faces:
        raise FaceMissing
    if box is None:
        if len(faces) > 1:
            raise SeveralFaces([face.box for face in faces])
        return faces[0]
    nearest = max(faces, key=lambda face: overlap(face.box, box))
    if overlap(nearest.box, box) < LEAST_OVERLAP:
        raise InvalidInput("no face is in that box; take the box of a face as `analyze` gives it")
    return nearest


def overlap(one: Box, other: Box) -> float:
    """Return the share of two boxes that both cover, 0..1: intersection over union."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    both = max(0.0, wide) * max(0.0, high)
    either = _area(one) + _area(other) - both
    return both / either if either > 0 else 0.0


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _face(found: Analysis, i: int) -> Face:
    faces = found.faces
    assert faces.embeddings is not None and faces.quality is not None  # noqa: S101, PT018  # asked
    x1, y1, x2, y2 = faces.boxes[i].tolist()
    quality = float(faces.quality[i, QUALITY_PARTS.index("overall")])
    return Face(
        index=i,
        box=(x1, y1, x2, y2),
        score=float(faces.scores[i]),
        quality=quality if np.isfinite(quality) else None,
        reasons=found.reasons_of(i),
        vector=faces.embeddings[i],
    )
