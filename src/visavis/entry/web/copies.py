"""Small copies of pictures, as addresses that hold them: nothing is kept for a page to fetch."""

from base64 import b64encode
from dataclasses import dataclass, field

import numpy as np

from visavis.core.settings import ImageOptions
from visavis.core.types import Pixels, Source
from visavis.entry.web.look import VIEW_PX, shrunk
from visavis.usecases.faces import Box
from visavis.vision.images import decode
from visavis.vision.render.annotate import encode_jpeg

FACE_PX = 160
"""Longest side of a cut-out face."""

_MARGIN = 1.6
"""Side of a cut-out over the longer side of its box."""


@dataclass(frozen=True, slots=True, eq=False)
class Copies:
    """A picture to show.

    Attributes:
        width: Of the upright picture, pixels.
        height: As `width`.
        view: Address of a copy to fill a screen.
        faces: Addresses of cut-outs, one for each box.
    """

    width: int
    height: int
    view: str = field(repr=False)
    faces: tuple[str, ...] = field(repr=False)


def copies_of(
    source: Source, options: ImageOptions, boxes: tuple[Box, ...] = (), longest: int = VIEW_PX
) -> Copies:
    """Return copies of a picture and of faces on it.

    Args:
        source: The picture.
        options: Its caps.
        boxes: Where the faces are, pixels of the upright picture.
        longest: Longest side of the copy of the whole picture.

    Raises:
        InvalidImage: it cannot be decoded.
    """
    image = decode(source.data, options)
    height, width = image.shape[:2]
    faces = tuple(_address(shrunk(cut(image, box), FACE_PX)) for box in boxes)
    return Copies(width, height, _address(shrunk(image, longest)), faces)


def cut(image: Pixels, box: Box) -> Pixels:
    """Return the square around a box, (h, w, 3), as far as it is on the picture."""
    x1, y1, x2, y2 = box
    half = _MARGIN * max(x2 - x1, y2 - y1) / 2
    middle = (x1 + x2) / 2, (y1 + y2) / 2
    height, width = image.shape[:2]
    left, right = _within(middle[0], half, width)
    top, bottom = _within(middle[1], half, height)
    part: Pixels = np.ascontiguousarray(image[top:bottom, left:right])
    return part


def _within(middle: float, half: float, size: int) -> tuple[int, int]:
    first = min(max(0, round(middle - half)), size - 1)
    return first, max(first + 1, min(size, round(middle + half)))


def _address(image: Pixels) -> str:
    return f"data:image/jpeg;base64,{b64encode(encode_jpeg(image)).decode('ascii')}"
