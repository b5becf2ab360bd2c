"""Captions: a line of words for each face, where they hide no face and can be read.

A caption goes below its box, else above, right or left of it, wherever no face and no other caption
lies. Those that find no place (a crowd, a face that fills the picture) go into a list below the
picture. Where there are several faces, each caption begins with its face's number.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from visavis.core.types import Floats, Pixels

PAPER = (16, 38, 32)
INK = (240, 250, 246)
LEAST_PX, MOST_PX = 12, 34
"""Height of the letters, pixels: below the one they cannot be read, above the other they shout."""
SHARE_OF_PICTURE, SHARE_OF_FACE = 1 / 55, 1 / 9
"""Height of the letters over the picture's longer side; and at most over the face's height."""

Spot = tuple[float, float, float, float]
"""x1 y1 x2 y2, pixels; the last two lie just outside."""


@dataclass(frozen=True, slots=True)
class Letters:
    """One size of the letters that come with the picture library.

    Attributes:
        font: The letters.
        pad: Room around the words, pixels.
        height: Of one line with its room, pixels.
    """

    font: ImageFont.FreeTypeFont
    pad: int
    height: int

    def width(self, words: str) -> int:
        """Return the width of a line with its room, pixels."""
        return round(self.font.getlength(words)) + 2 * self.pad


def letters(size: float) -> Letters:
    """Return the letters of about `size` pixels, as far as they can be read."""
    size_px = round(min(max(size, LEAST_PX), MOST_PX))
    font = ImageFont.load_default(size_px)
    assert isinstance(font, ImageFont.FreeTypeFont)  # noqa: S101  # it is when a size is given
    return Letters(font, max(2, size_px // 4), round(1.5 * size_px))


def write(canvas: Pixels, boxes: Floats, captions: Sequence[str], tab: int) -> Pixels:
    """Return the picture with the captions written in; it grows when they need a list.

    Args:
        canvas: (h, w, 3) uint8 RGB.
        boxes: (n, 4) float32, the faces.
        captions: One a face; an empty one is left out.
        tab: Height of the numbers above the boxes, pixels; captions leave room for it.
    """
    paper = Image.fromarray(canvas)
    pen = ImageDraw.Draw(paper)
    taken: list[Spot] = [(x1, y1 - tab, x2, y2) for x1, y1, x2, y2 in boxes.tolist()]
    listed = []
    for i, words in enumerate(map(_plain, captions)):
        if not words:
            continue
        words = f"{i + 1}: {words}" if len(boxes) > 1 else words  # beside whom it lies may not tell
        face = boxes[i].tolist()
        size = min(SHARE_OF_PICTURE * max(paper.size), SHARE_OF_FACE * (face[3] - face[1]))
        type_ = letters(size)
        spot = _free(face, type_.width(words), type_.height, tab, taken, paper.size)
        if spot is None:
            listed.append(words)
        else:
            taken.append(spot)
            _line(pen, spot, words, type_)
    return np.asarray(_with_list(paper, listed) if listed else paper)


def _plain(words: str) -> str:
    """Return words that the letters can show: they have no dash."""
    return words.replace("–", "-")


def _free(
    face: Spot, width: int, height: int, tab: int, taken: list[Spot], size: tuple[int, int]
) -> Spot | None:
    """Return the first place beside a face that lies in the picture and hides nothing."""
    for x, y in _beside(face, width, height, tab):
        left, top = min(max(round(x), 0), size[0] - width), round(y)
        spot = (left, top, left + width, top + height)
        inside = left >= 0 and top >= 0 and top + height <= size[1]
        if inside and not any(_meet(spot, other) for other in taken):
            return spot
    return None


def _beside(face: Spot, width: int, height: int, tab: int) -> Iterator[tuple[float, float]]:
    """Yield the left top corners to try: below, above the tab, right, left."""
    x1, y1, x2, y2 = face
    gap = max(2, height // 8)
    yield (x1 + x2 - width) / 2, y2 + gap
    yield (x1 + x2 - width) / 2, y1 - tab - gap - height
    yield x2 + gap, (y1 + y2 - height) / 2
    yield x1 - gap - width, (y1 + y2 - height) / 2


def _meet(one: Spot, other: Spot) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _line(pen: ImageDraw.ImageDraw, spot: Spot, words: str, type_: Letters) -> None:
    x1, y1, x2, y2 = spot
    pen.rounded_rectangle((x1, y1, x2 - 1, y2 - 1), radius=type_.pad, fill=PAPER)
    middle = (spot[0] + type_.pad, (spot[1] + spot[3]) / 2)
    pen.text(middle, words, fill=INK, font=type_.font, anchor="lm")


def _with_list(paper: Image.Image, lines: Sequence[str]) -> Image.Image:
    """Return the picture with lines below it, in as many columns as fit; wider where none does."""
    type_ = letters(SHARE_OF_PICTURE * max(paper.size))
    column = max(map(type_.width, lines)) + type_.height
    columns = max(1, min(len(lines), paper.width // column))
    rows = -(-len(lines) // columns)
    width = max(paper.width, column)
    grown = Image.new("RGB", (width, paper.height + rows * type_.height + type_.pad), PAPER)
    grown.paste(paper)
    pen = ImageDraw.Draw(grown)
    for k, words in enumerate(lines):
        across, down = divmod(k, rows)
        place = (
            across * column + type_.pad,
            paper.height + (down + 0.5) * type_.height + type_.pad / 2,
        )
        pen.text(place, words, fill=INK, font=type_.font, anchor="lm")
    return grown
