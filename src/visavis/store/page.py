"""Lists in parts: newest first, each part beginning where the one before ended.

A cursor holds the time and the id of the last row shown, not a number of rows: rows that are added
or removed meanwhile make no other row appear twice or never.
"""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, and_, or_

from visavis.core.errors import InvalidInput

MOST = 200
"""Most items of one page."""

DEFAULT = 50
"""Items of a page when nobody says how many."""

_VERSION = 1
_TIME_BYTES = 8
_ID_BYTES = 16
_BYTES = 1 + _TIME_BYTES + _ID_BYTES
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[_Item]):
    """A part of a list.

    Attributes:
        items: Newest first.
        next: The cursor of the part that follows; None = this is the last.
    """

    items: tuple[_Item, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended.

    Attributes:
        at: Time of its last row, UTC.
        row_id: Id of that row, 32 hex characters.
    """

    at: datetime
    row_id: str

    def cursor(self) -> str:
        """Return the place as URL-safe text."""
        micros = (self.at - _EPOCH) // _MICROSECOND
        packed = bytes([_VERSION]) + micros.to_bytes(_TIME_BYTES, "big", signed=True)
        packed += bytes.fromhex(self.row_id)
        return base64.urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")

    def after(self, at: ColumnElement[Any], row_id: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return the condition of rows that follow; in a form whose first half uses an index."""
        return and_(at <= self.at, or_(at < self.at, row_id < self.row_id))


def read_cursor(cursor: str) -> Place:
    """Return the place that a cursor stands for.

    Raises:
        InvalidInput: it is none of ours.
    """
    place = _unpacked(_decoded(cursor))
    if place is None or place.cursor() != cursor:  # one place has one cursor
        raise InvalidInput("this cursor is not one that a list gave; begin again without a cursor")
    return place


def check_limit(limit: int) -> int:
    """Return the number of items of a page.

    Raises:
        InvalidInput: outside 1..200.
    """
    if not 1 <= limit <= MOST:
        raise InvalidInput(f"a page has 1 to {MOST} items, not {limit}; ask for fewer at a time")
    return limit


def _decoded(cursor: str) -> bytes:
    """Return the bytes of a cursor; none where it has a letter or a length that is not ours."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True)
    except ValueError:
        return b""


def _unpacked(packed: bytes) -> Place | None:
    if len(packed) != _BYTES or packed[0] != _VERSION:
        return None
    micros = int.from_bytes(packed[1 : 1 + _TIME_BYTES], "big", signed=True)
    try:
        return Place(_EPOCH + micros * _MICROSECOND, packed[1 + _TIME_BYTES :].hex())
    except OverflowError:
        return None
