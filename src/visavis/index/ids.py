"""Ids of templates as 16 bytes each: a million as Python strings would take 80 MB."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from visavis.core.errors import InvalidInput

ID_BYTES = 16

Ids = NDArray[np.uint8]
"""(n, 16) uint8."""

_HEX = re.compile("(?:[0-9a-f]{32})*")


def packed(ids: Sequence[str]) -> Ids:
    """Return ids of 32 lower-case hex characters as (n, 16) bytes.

    Raises:
        InvalidInput: one is something else.
    """
    text = "".join(ids)
    if any(len(each) != 2 * ID_BYTES for each in ids) or not _HEX.fullmatch(text):
        raise InvalidInput("the id of a template has to be 32 lower-case hex digits")
    return np.frombuffer(bytes.fromhex(text), np.uint8).reshape(-1, ID_BYTES)


def written(ids: Ids) -> tuple[str, ...]:
    """Return (n, 16) bytes as ids of 32 lower-case hex characters."""
    text, long = ids.tobytes().hex(), 2 * ID_BYTES
    return tuple(text[start : start + long] for start in range(0, len(text), long))


def check_unlike(ids: Ids) -> None:
    """Refuse ids of which two are the same.

    Raises:
        InvalidInput: one is there twice.
    """
    in_order = ids[rising(ids)]
    if (in_order[1:] == in_order[:-1]).all(axis=1).any():
        raise InvalidInput("an id of a template is given twice; give each one once")


def rising(ids: Ids, *before: NDArray[np.generic]) -> NDArray[np.intp]:
    """Return the order by `before`, the first of them first, and by id among equals."""
    halves = np.ascontiguousarray(ids).view(">u8").reshape(-1, 2)
    return np.lexsort((halves[:, 1], halves[:, 0], *reversed(before)))
