"""Where Rekognition's landmarks lie in the mesh; left and right as seen in the picture, as ours.

The pupils are left out: the mesh knows the lids and not the iris.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from visavis.core.types import POINT_NAMES, Faces, Floats

_POINTS: Mapping[str, str] = MappingProxyType(
    {
        "eyeLeft": "eye_left",
        "eyeRight": "eye_right",
        "mouthLeft": "mouth_left",
        "mouthRight": "mouth_right",
        "nose": "nose",
    }
)
"""Those that every face has, by the names of our five points."""

MESH_PLACES: Mapping[str, int] = MappingProxyType(
    {
        "leftEyeBrowLeft": 70,
        "leftEyeBrowRight": 107,
        "leftEyeBrowUp": 105,
        "rightEyeBrowLeft": 336,
        "rightEyeBrowRight": 300,
        "rightEyeBrowUp": 334,
        "leftEyeLeft": 33,
        "leftEyeRight": 133,
        "leftEyeUp": 159,
        "leftEyeDown": 145,
        "rightEyeLeft": 362,
        "rightEyeRight": 263,
        "rightEyeUp": 386,
        "rightEyeDown": 374,
        "noseLeft": 129,
        "noseRight": 358,
        "mouthUp": 0,
        "mouthDown": 17,
        "upperJawlineLeft": 234,
        "midJawlineLeft": 172,
        "chinBottom": 152,
        "midJawlineRight": 397,
        "upperJawlineRight": 454,
    }
)
"""The others, by their point of the mesh."""


def landmarks(
    faces: Faces, i: int, size: tuple[int, int], *, every: bool = False
) -> list[dict[str, Any]]:
    """Return the landmarks of face `i` as shares of the picture.

    Args:
        faces: The faces of one picture.
        i: Which.
        size: Width and height of the picture, pixels.
        every: Also those that need the mesh, where the face has one.
    """
    named = dict(zip(POINT_NAMES, faces.points[i], strict=True))
    found = [(kind, named[name]) for kind, name in _POINTS.items()]
    if every and faces.mesh is not None:
        found += _of_mesh(faces.mesh[i])
    extent = np.array(size, np.float64)
    return [{"Type": kind, "X": x, "Y": y} for kind, (x, y) in _shares(found, extent)]


def _of_mesh(mesh: Floats) -> list[tuple[str, Floats]]:
    if not np.isfinite(mesh).all():
        return []
    return [(kind, mesh[place, :2]) for kind, place in MESH_PLACES.items()]


def _shares(
    found: list[tuple[str, Floats]],
    extent: Any,  # noqa: ANN401  # (2,) float64
) -> Iterator[tuple[str, list[float]]]:
    for kind, point in found:
        yield kind, (point.astype(np.float64) / extent).tolist()
