"""DetectFaces and CompareFaces: pictures that are looked at and forgotten."""

from collections.abc import Sequence

import numpy as np

from visavis.core.types import Floats
from visavis.entry.http_api.dialects.largest import largest_first
from visavis.entry.http_api.dialects.rekognition import details
from visavis.entry.http_api.dialects.rekognition.desk import Desk
from visavis.entry.http_api.dialects.rekognition.pictures import (
    features_of,
    is_good,
    note_use,
    source_of,
    the_largest,
)
from visavis.entry.http_api.dialects.rekognition.shapes import CompareFaces, DetectFaces
from visavis.entry.http_api.dialects.rekognition.traits import Json, percent
from visavis.usecases.faces import seen

MOST_COMPARED = 100
"""Faces of the second picture that are compared, the largest ones."""


def detect(desk: Desk, asked: DetectFaces) -> Json:
    """Describe the faces of a picture, the surest first."""
    attributes = details.wanted(asked.attributes)
    features = features_of(desk, attributes)
    source = source_of(asked.image, "Image")
    found = desk.analyses.result(desk.analyses.submit(source, features))
    note_use(desk, features, found)
    faces = [details.detail(found, i, attributes) for i in range(len(found.faces))]
    return {"FaceDetails": faces}


def compare(desk: Desk, asked: CompareFaces) -> Json:
    """Compare the largest face of one picture with those of another one, the most alike first."""
    desk.people.comparing.check(desk.actor)
    one, other = source_of(asked.source_image, "Source"), source_of(asked.target_image, "Target")
    ours, faces = seen(desk.analyses, one)
    face = the_largest(faces, asked.quality_filter)
    theirs, found = seen(desk.analyses, other, details.ALWAYS)
    others = [each for each in largest_first(found) if is_good(each, asked.quality_filter)]
    others = others[:MOST_COMPARED]
    alike = _alike(desk, face.vector, [each.vector for each in others])
    told = sorted(zip(alike, others, strict=True), key=lambda pair: -pair[0])
    least = asked.similarity_threshold
    return {
        "SourceImageFace": {
            "BoundingBox": details.box_of(details.shares_of(ours, face.index)),
            "Confidence": percent(face.score),
        },
        "FaceMatches": [
            {"Similarity": much, "Face": details.basics(theirs, each.index)}
            for much, each in told
            if much >= least
        ],
        "UnmatchedFaces": [
            details.basics(theirs, each.index) for much, each in told if much < least
        ],
    }


def _alike(desk: Desk, face: Floats, others: Sequence[Floats]) -> list[float]:
    """Return how like each of some faces is to one, percent."""
    if not others:
        return []
    told = face[None], np.stack(others), desk.model
    found = desk.people.comparing.with_each_other(desk.actor, *told)[0]
    scale = desk.scores()
    return [scale.percent(similarity) for similarity in found.tolist()]
