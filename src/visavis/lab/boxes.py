"""Ground-truth boxes for face detection, in the text format of WIDER FACE."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.core.errors import InvalidInput
from visavis.core.types import Floats

COLUMNS = 10
INVALID = 7
"""Position of `invalid` in `x y w h blur expression illumination invalid occlusion pose`."""


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """The faces people marked on one picture.

    Attributes:
        name: The picture's name below the root.
        boxes: (n, 4) float32, x1 y1 x2 y2, pixels of the upright picture.
        invalid: (n,) bool, marked as impossible to judge: finding it is neither right nor wrong.
    """

    name: str
    boxes: Floats
    invalid: NDArray[np.bool_]


def read_boxes(text: str) -> list[LabelledPicture]:
    """Read WIDER FACE's list: a picture's name, the number of faces, one line for each face.

    A face is `x y w h blur expression illumination invalid occlusion pose`, of which the first four
    are needed. A picture without faces has the number 0, and may be followed by one line of zeros.

    Raises:
        InvalidInput: the list is malformed or empty; the message names the line.
    """
    lines = [line.strip() for line in text.removeprefix("\N{BYTE ORDER MARK}").splitlines()]
    pictures = list(_pictures(lines))
    if not pictures:
        raise InvalidInput("the list of boxes is empty; give one in the text format of WIDER FACE")
    return pictures


def _pictures(lines: Sequence[str]) -> Iterator[LabelledPicture]:
    at = 0
    while at < len(lines):
        if not lines[at]:
            at += 1
            continue
        name, count = lines[at], _count(lines, at + 1)
        start = at + 2
        at = start + count
        rows = [_face(lines, number) for number in range(start, at)]
        table = np.array(rows, np.float32).reshape(-1, COLUMNS)
        if not count and _is_zeros(lines, at):
            at += 1
        corners = np.concatenate([table[:, :2], table[:, :2] + table[:, 2:4]], axis=1)
        yield LabelledPicture(name, corners, table[:, INVALID] > 0)


def _count(lines: Sequence[str], at: int) -> int:
    if at < len(lines) and lines[at].isdecimal():
        return int(lines[at])
    raise InvalidInput(f"line {at + 1} should be the number of faces of {lines[at - 1]}")


def _face(lines: Sequence[str], at: int) -> list[float]:
    try:
        numbers = [float(number) for number in lines[at].split()]
    except (IndexError, ValueError):
        numbers = []
    if len(numbers) < 4 or not np.isfinite(numbers).all():
        raise InvalidInput(f"line {at + 1} should be a face, `x y w h` and six marks")
    return (numbers + [0.0] * COLUMNS)[:COLUMNS]


def _is_zeros(lines: Sequence[str], at: int) -> bool:
    return at < len(lines) and set(lines[at].split()) == {"0"} and len(lines[at].split()) > 1


def spread(pictures: Sequence[LabelledPicture], limit: int | None) -> list[LabelledPicture]:
    """Return at most `limit` pictures, taken evenly from the whole list."""
    if limit is None or limit >= len(pictures):
        return list(pictures)
    return [pictures[i] for i in np.linspace(0, len(pictures) - 1, limit).round().astype(int)]
