"""What CompreFace's programs say beside the picture: how many faces, how sure, and what of them."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Query

from visavis.core.errors import InvalidInput
from visavis.core.types import Feature
from visavis.entry.http_api.dialects.compreface.errors import WrongCount
from visavis.usecases.recognition import MOST_TOP


class Plugin(StrEnum):
    """What may be asked about faces."""

    AGE = "age"
    GENDER = "gender"
    LANDMARKS = "landmarks"
    CALCULATOR = "calculator"
    POSE = "pose"
    MASK = "mask"
    LANDMARKS_106 = "landmarks2d106"

    @property
    def feature(self) -> Feature | None:
        """What we call it; None = we cannot tell it."""
        return _FEATURES.get(self)


_FEATURES = {
    Plugin.AGE: Feature.AGE,
    Plugin.GENDER: Feature.GENDER,
    Plugin.LANDMARKS: Feature.POINTS,
    Plugin.CALCULATOR: Feature.EMBEDDING,
    Plugin.POSE: Feature.POSE,
}


@dataclass(frozen=True, slots=True)
class Options:
    """What is wanted of the faces of a picture.

    Attributes:
        limit: Most faces, the largest; 0 = all.
        least_score: How sure the detector has to be of each, 0..1; None = as sure as ever.
        plugins: What is to be told of them; what cannot be told is left out, as CompreFace leaves
            out a plugin that is not installed.
        is_detailed: Whether to tell versions and times too.
    """

    limit: int
    least_score: float | None
    plugins: frozenset[Plugin]
    is_detailed: bool

    @property
    def features(self) -> frozenset[Feature]:
        """What to ask of the picture."""
        return frozenset(each.feature for each in self.plugins if each.feature is not None)

    def of_all(self) -> "Options":
        """Return the same for all faces."""
        return replace(self, limit=0)


async def _options(
    limit: Annotated[int, Query(ge=0)] = 0,
    det_prob_threshold: Annotated[float | None, Query(ge=0, le=1)] = None,
    face_plugins: Annotated[str, Query(max_length=200)] = "",
    status: bool = False,
    detect_faces: bool = True,
) -> Options:
    if not detect_faces:
        raise InvalidInput(
            "detect_faces=false is not offered: a face is always looked for, so that it can be "
            "aligned; send the picture without it"
        )
    return Options(limit, det_prob_threshold, plugins_of(face_plugins), status)


def plugins_of(text: str) -> frozenset[Plugin]:
    """Return the plugins that a comma-separated list names.

    Raises:
        InvalidInput: one of them is unknown.
    """
    names = {name.strip() for name in text.split(",")} - {""}
    if unknown := sorted(names - set(Plugin)):
        known = ", ".join(Plugin)
        raise InvalidInput(f"there is no plugin {unknown[0][:50]!r}; choose from {known}")
    return frozenset(map(Plugin, names))


async def _predictions(prediction_count: int = 1) -> int:
    if prediction_count == -1:
        return MOST_TOP
    if prediction_count < 1:
        raise WrongCount
    return min(prediction_count, MOST_TOP)


Wanted = Annotated[Options, Depends(_options)]
"""What is wanted of the faces, as a parameter of an endpoint."""

Predictions = Annotated[int, Depends(_predictions)]
"""How many people are to be named for each face, as a parameter of an endpoint."""
