"""Column types that mean the same in SQLite, PostgreSQL and MariaDB/MySQL.

Databases differ in what they cut, refuse and round; here a value is checked before it leaves, so
that it comes back as it was or is refused with `NotStorable`. Migrations use these types too: what
one of them makes of a column never changes; write another type instead.
"""

# ruff: noqa: ARG002  # SQLAlchemy hands every type the dialect

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import DateTime, Dialect, LargeBinary, String, Text, TypeDecorator
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

from visavis.store.errors import NotStorable

MOST_JSON = 1024 * 1024
"""Characters of one JSON value."""

LONGEST_CHOICE = 32
"""Characters of a word of which only a few are possible."""

_MYSQL = "mysql"
_Kind = TypeVar("_Kind", bound=StrEnum)


class Utc(TypeDecorator[datetime]):
    """An aware time, kept as UTC without its zone, microseconds included."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of the database; MySQL's own keeps whole seconds."""
        return mysql.DATETIME(fsp=6) if dialect.name == _MYSQL else DateTime()

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time in UTC, without its zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} says no time zone; times of the store are aware")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time with its zone."""
        return None if value is None else value.replace(tzinfo=UTC)


class Words(TypeDecorator[str]):
    """Text of limited length, compared letter by letter.

    Args:
        length: Most characters.
    """

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the text as plain `str`.

        Raises:
            NotStorable: too long, or with characters that no database takes.
        """
        return None if value is None else _checked(str(value), self.length)


class Prose(Words):
    """Long text, never looked up by its content."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of the database."""
        return _long_text(dialect)


class Id(Words):
    """32 lower-case hex characters."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__(32)


class Choice(TypeDecorator[_Kind], Generic[_Kind]):
    """One of a few words.

    Args:
        kind: Which.
    """

    impl = String
    cache_ok = True

    def __init__(self, kind: type[_Kind]) -> None:
        super().__init__(LONGEST_CHOICE)
        self.kind = kind

    def process_bind_param(self, value: _Kind | None, dialect: Dialect) -> str | None:
        """Return the word."""
        return None if value is None else str(self.kind(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> _Kind | None:
        """Return the member that the word stands for."""
        return None if value is None else self.kind(value)


class Bytes(TypeDecorator[bytes]):
    """Bytes of limited length.

    Args:
        most: Most bytes.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of the database; MySQL's plain one ends at 65,535 bytes."""
        return mysql.MEDIUMBLOB() if dialect.name == _MYSQL else LargeBinary()

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Return the bytes.

        Raises:
            NotStorable: too many.
        """
        if value is not None and len(value) > self.most:
            raise NotStorable(f"there is room for {self.most} bytes here, not for {len(value)}")
        return value


class Json(TypeDecorator[Any]):
    """A JSON value, kept as text.

    The JSON types of databases reorder keys and change numbers; what is signed must come back as
    it was.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of the database."""
        return _long_text(dialect)

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ANN401
        """Return the value as text, in ASCII: JSON has a way to write what databases refuse.

        Raises:
            NotStorable: too long, or no JSON.
        """
        if value is None:
            return None
        try:
            text = json.dumps(value, allow_nan=False, separators=(",", ":"))
        except (TypeError, ValueError) as exc:
            raise NotStorable(f"this cannot be kept as JSON: {type(exc).__name__}") from None
        return _checked(text, MOST_JSON)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401
        """Return what the text says."""
        return None if value is None else json.loads(value)


class Names(Json):
    """A short list of words, given back as a tuple."""

    cache_ok = True

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> str | None:
        """Return the list as text; raises as `Json` does."""
        return super().process_bind_param(None if value is None else [*map(str, value)], dialect)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:
        """Return the words."""
        return None if value is None else tuple(json.loads(value))


def _long_text(dialect: Dialect) -> TypeEngine[Any]:
    return mysql.MEDIUMTEXT() if dialect.name == _MYSQL else Text()


def _checked(text: str, most: int) -> str:
    if len(text) > most:
        raise NotStorable(f"there is room for {most} characters here, not for {len(text)}")
    if "\0" in text or not _is_unicode(text):
        raise NotStorable("the text holds characters that cannot be stored; remove them")
    return text


def _is_unicode(text: str) -> bool:
    """Return whether the text has no halves of surrogate pairs."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
