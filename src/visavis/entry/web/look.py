"""Look at one picture for a page: the analysis, and copies small enough to show."""

from dataclasses import dataclass, field

import cv2

from visavis.core.errors import VisavisError
from visavis.core.settings import ImageOptions
from visavis.core.types import Feature, Pixels, Source
from visavis.entry.services import Services
from visavis.usecases.analysis import Analysis, Failure
from visavis.usecases.policy import Policy
from visavis.vision.images import decode
from visavis.vision.render.annotate import encode_jpeg

VIEW_PX, THUMB_PX = 1600, 160
"""Longest sides of the copies: one to fill a screen, one for the strip of pictures."""


@dataclass(frozen=True, slots=True)
class Look:
    """One analysed picture, ready to show.

    Attributes:
        analysis: What was found, with the annotated copy.
        view: JPEG, at most `VIEW_PX` on its longer side, upright.
        thumb: JPEG, at most `THUMB_PX` on its longer side, upright.
    """

    analysis: Analysis
    view: bytes = field(repr=False)
    thumb: bytes = field(repr=False)


def features(policy: Policy) -> frozenset[Feature]:
    """Return what the pages ask for: all that the policy allows, and the mesh to draw."""
    return policy.everything | {Feature.MESH}


def look(services: Services, source: Source) -> Look | Failure:
    """Analyse a picture and make the copies to show; blocks until both are done."""
    try:
        future = services.analyses.submit(source, features(services.policy), annotate=True)
    except VisavisError as exc:
        return Failure(source.name, "unavailable", str(exc))
    outcome = services.analyses.outcome(source.name, future)
    if isinstance(outcome, Failure):
        return outcome
    view, thumb = _copies(source.data, services.settings.images)
    return Look(outcome, view, thumb)


def _copies(data: bytes, options: ImageOptions) -> tuple[bytes, bytes]:
    image = shrunk(decode(data, options), VIEW_PX)
    return encode_jpeg(image), encode_jpeg(shrunk(image, THUMB_PX))


def shrunk(image: Pixels, longest: int) -> Pixels:
    """Return a picture (h, w, 3) with its longer side at most `longest` pixels."""
    height, width = image.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype("uint8", copy=False)
