"""Faces as DeepFace tells them: x, y, width and height, and the eyes as their owner's."""

from typing import Any

from visavis.core.types import POINT_NAMES
from visavis.usecases.analysis import Analysis
from visavis.usecases.faces import Face

_DECIMALS = 4


def in_order(found: Analysis) -> list[int]:
    """Return the faces of a picture, the largest first."""
    boxes = found.faces.boxes
    sizes = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return [int(i) for i in (-sizes).argsort(kind="stable")]


def area(found: Analysis, i: int) -> dict[str, Any]:
    """Return where face `i` is; an eye is left where the person has it, so right in the picture."""
    x1, y1, x2, y2 = found.faces.boxes[i].tolist()
    points = dict(zip(POINT_NAMES, found.faces.points[i].tolist(), strict=True))
    return _rectangle(x1, y1, x2, y2) | {
        "left_eye": [round(side) for side in points["eye_right"]],
        "right_eye": [round(side) for side in points["eye_left"]],
    }


def place(face: Face) -> dict[str, int]:
    """Return where a face is, without eyes."""
    return _rectangle(*face.box)


def certainty(found: Analysis, i: int) -> float:
    """Return how sure the detector is of face `i`, 0..1."""
    return round(float(found.faces.scores[i]), _DECIMALS)


def _rectangle(x1: float, y1: float, x2: float, y2: float) -> dict[str, int]:
    return {"x": round(x1), "y": round(y1), "w": round(x2 - x1), "h": round(y2 - y1)}
