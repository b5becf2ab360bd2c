"""Gate: why a face is not good enough to enrol, and what the person can do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from visavis.core.settings import QualityOptions
from visavis.core.types import QUALITY_PARTS, Faces, Floats, Pixels
from visavis.vision.stages.closeups import closeups, together, widths_of
from visavis.vision.stages.pose import pose_of
from visavis.vision.stages.quality import luma_of, turn_of


class Reason(StrEnum):
    """Why a face is refused."""

    NO_MESH = "no_mesh"
    TOO_SMALL = "too_small"
    BLURRED = "blurred"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    LOW_CONTRAST = "low_contrast"
    TURNED_AWAY = "turned_away"
    COVERED = "covered"
    POOR = "poor"


ADVICE: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.NO_MESH: "Show your whole face: not enough of it can be made out.",
        Reason.TOO_SMALL: "Come closer: your face is too small in the picture.",
        Reason.BLURRED: "Hold still, or wipe the lens: your face is blurred.",
        Reason.TOO_DARK: "Turn towards a light: your face is too dark.",
        Reason.TOO_BRIGHT: "Step out of the glare: your face is too bright.",
        Reason.LOW_CONTRAST: "Find clearer light, without haze: your face looks flat.",
        Reason.TURNED_AWAY: "Look into the camera: your face is turned away.",
        Reason.COVERED: "Uncover your face: something hides part of it.",
        Reason.POOR: "Take another picture in better conditions: this one is weak in several ways.",
    }
)
"""One sentence to the person for each reason."""

_MIDDLE_GREY = 128.0


@dataclass(frozen=True, slots=True)
class FaceFacts:
    """What the gate wants to know of a face beside its quality.

    Attributes:
        meshed: Whether a mesh lies on it.
        width_px: Width of the face, temple to temple, pixels of the picture; may be NaN.
        turn_degrees: Angle between the camera's axis and where it looks; NaN without a mesh.
        luma: Grey level of its middle, 0..255; NaN when it was not looked at.
    """

    meshed: bool
    width_px: float
    turn_degrees: float
    luma: float


def judge(image: Pixels, faces: Faces, options: QualityOptions) -> tuple[tuple[Reason, ...], ...]:
    """Return why each face of a picture (h, w, 3) uint8 RGB, with its quality, is refused."""
    assert faces.quality is not None  # noqa: S101  # the caller asked for it
    dim = faces.quality[:, QUALITY_PARTS.index("brightness")] < options.min_brightness
    pairs = zip(faces.quality, facts_of(image, faces, dim), strict=True)
    return tuple(reasons(quality, facts, options) for quality, facts in pairs)


def facts_of(
    image: Pixels, faces: Faces, looked_at: NDArray[np.bool_] | None = None
) -> list[FaceFacts]:
    """Return the facts of each face of a picture.

    Args:
        image: (h, w, 3) uint8 RGB.
        faces: Its faces.
        looked_at: (n,) whether the grey level of a face matters, which means to cut it out;
            None = of all.
    """
    meshed = together([(image, faces)])
    chosen = np.ones(len(faces), bool) if looked_at is None else looked_at
    luma = np.full(len(faces), np.nan)
    with np.errstate(all="ignore"):  # numbers of a broken mesh end as NaN, not as warnings
        turns = turn_of(pose_of(np.asarray(meshed.mesh)))
        lit = [luma_of(closer) for closer in closeups([(image, faces.select(chosen))])]
        luma[chosen] = np.concatenate([np.zeros(0), *lit])
        rows = zip(widths_of(meshed).tolist(), turns.tolist(), luma.tolist(), strict=True)
    return [FaceFacts(bool(np.isfinite(turn)), wide, turn, grey) for wide, turn, grey in rows]


def reasons(quality: Floats, facts: FaceFacts, options: QualityOptions) -> tuple[Reason, ...]:
    """Return why a face is refused, in the order of `Reason`; nothing when it is good enough.

    A part that cannot be judged is no reason of its own.

    Args:
        quality: (7,) float32, one row of `Faces.quality`.
        facts: Of the same face.
        options: The limits.
    """
    part = dict(zip(QUALITY_PARTS, quality.tolist(), strict=True))
    dim = part["brightness"] < options.min_brightness
    found = {
        Reason.NO_MESH: not facts.meshed,
        Reason.TOO_SMALL: not facts.width_px >= options.min_size_px,
        Reason.BLURRED: part["sharpness"] < options.min_sharpness,
        Reason.TOO_DARK: dim and facts.luma < _MIDDLE_GREY,
        Reason.TOO_BRIGHT: dim and facts.luma >= _MIDDLE_GREY,
        Reason.LOW_CONTRAST: part["contrast"] < options.min_contrast,
        Reason.TURNED_AWAY: facts.turn_degrees > options.max_turn_degrees,
        Reason.COVERED: part["occlusion"] < options.min_occlusion,
    }
    named = tuple(reason for reason, applies in found.items() if applies)
    if not named and part["overall"] < options.min_overall:
        return (Reason.POOR,)
    return named
