"""What may be a template, and the form in which it is sealed."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from visavis.core.errors import InvalidInput
from visavis.core.purposes import Purpose
from visavis.core.types import Floats

MOST = 100
"""Templates of one subject."""

MOST_DIMENSIONS = 4096

_EMBEDDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,99}")
_STORED = np.dtype("<f4")


@dataclass(frozen=True, slots=True, eq=False)
class NewTemplate:
    """A template to be sealed.

    Attributes:
        subject_id: Whose face it is.
        vector: (d,) float32, 1..4096 finite numbers that are not all 0.
        quality: Of the face it was made of, 0..100; None = not known.
    """

    subject_id: str
    vector: Floats = field(repr=False)
    quality: float | None = None


def stored_form(vector: Floats) -> bytes:
    """Return a vector as it is sealed.

    Raises:
        InvalidInput: it is no template.
    """
    if vector.dtype != np.float32 or vector.ndim != 1 or not 1 <= len(vector) <= MOST_DIMENSIONS:
        raise InvalidInput(f"a template is one float32 vector of at most {MOST_DIMENSIONS} numbers")
    if not np.isfinite(vector).all() or not vector.any():
        raise InvalidInput(
            "a template holds finite numbers that are not all 0; embed the face anew"
        )
    return vector.astype(_STORED).tobytes()


def open_form(plain: bytes) -> Floats:
    """Return the vector that was sealed, (d,) float32, read-only."""
    vector: Floats = np.frombuffer(plain, _STORED).astype(np.float32, copy=False)
    return vector


def meta_of(
    embedder: str, dimension: int, quality: float | None, purpose: Purpose
) -> dict[str, Any]:
    """Return what has to be known of a template without opening it; nothing personal.

    Raises:
        InvalidInput: the id of the embedder is none, or there is no such quality.
    """
    if not _EMBEDDER.fullmatch(embedder):
        raise InvalidInput("the embedder's id has 1 to 100 letters, digits or any of . _ : / @ + -")
    if quality is not None and not (math.isfinite(quality) and 0 <= quality <= 100):
        raise InvalidInput("the quality of a face lies from 0 to 100")
    return {
        "embedder": embedder,
        "dimension": dimension,
        "quality": None if quality is None else float(quality),
        "purpose": purpose.value,
    }


def purpose_of(meta: Mapping[str, Any]) -> Purpose:
    """Return what a template was made for; older ones do not say and are for recognition."""
    return Purpose(meta.get("purpose", Purpose.RECOGNITION))
