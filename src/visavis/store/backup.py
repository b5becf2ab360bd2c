"""All rows as lines of JSON, and back: one form, whichever database they come from or go to.

Which tables and columns there are is asked of a scratch database that is migrated to the revision
in question, not of the code, which knows only the newest. Times are ISO 8601, bytes are base64.
"""

import base64
import binascii
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    DateTime,
    Engine,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    column,
    delete,
    func,
    insert,
    select,
    table,
    update,
)
from sqlalchemy import Text as SqlText
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.types import TypeEngine

from visavis.core.settings import MIB, StoreOptions
from visavis.store.columns import Bytes, Prose, Utc, Words
from visavis.store.engine import open_engine, reader_of
from visavis.store.errors import NotStorable, StoreUnavailable
from visavis.store.migrate import upgrade
from visavis.store.migrations import VERSION_TABLE
from visavis.store.tables.template_changes import template_changes, template_heads
from visavis.store.translate import translated

Row: TypeAlias = dict[str, Any]
"""The values of a row by column."""

LONGEST_LINE = 32 * MIB
"""Most bytes of one row as a line; none of our columns holds as much."""

_AT_ONCE = 200
_LEFT_OUT = frozenset({VERSION_TABLE, "log_lines"})
"""What is of one machine and its past: lines of the log are many, and say nothing of the rest."""

_LARGEST = 2**63
_ANY = DefaultDialect()


@lru_cache(8)
def tables_of(revision: str) -> tuple[Table, ...]:
    """Return the tables of a revision, in the order in which rows can be added.

    Raises:
        StoreUnavailable: there is no such revision here; a newer version of Visavis made it.
    """
    with scratch(revision) as engine, snapshot(engine) as connection:
        found = MetaData()
        found.reflect(connection)
    ours = MetaData()
    return tuple(
        _portable(each, ours) for each in found.sorted_tables if each.name not in _LEFT_OUT
    )


@cache
def newest_revision() -> str:
    """Return the revision that this version needs."""
    with scratch("head") as engine, snapshot(engine) as connection:
        return revision_of(connection)


@contextmanager
def scratch(revision: str) -> Iterator[Engine]:
    """Lend an empty database at a revision; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="visavis-") as folder:
        engine = open_engine(StoreOptions(), Path(folder))
        try:
            upgrade(engine, revision)
            yield engine
        finally:
            engine.dispose()


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Lend a connection that sees one state of everything, whatever others write meanwhile.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    reader = reader_of(engine)
    with translated(engine.url), reader.begin() as connection:
        yield connection


def revision_of(connection: Connection) -> str:
    """Return the revision that a connection sees.

    Raises:
        StoreUnavailable: the database has no tables of ours.
    """
    version: Select[Any] = select(column("version_num")).select_from(table(VERSION_TABLE))
    with translated(connection.engine.url):
        found = connection.execute(version).scalar()
    if found is None:
        raise StoreUnavailable("the database lacks tables of this version; migrate it first")
    return str(found)


def rows(connection: Connection, source: Table) -> Iterator[Row]:
    """Stream the rows of a table, sorted by its key."""
    by_key = select(source).order_by(*source.primary_key.columns)
    with translated(connection.engine.url):
        streamed = connection.execution_options(yield_per=_AT_ONCE)
        for row in streamed.execute(by_key).mappings():
            yield dict(row)


def count(connection: Connection, source: Table) -> int:
    """Return how many rows a table has."""
    with translated(connection.engine.url):
        return int(connection.execute(select(func.count()).select_from(source)).scalar_one())


def clear(connection: Connection, tables: Sequence[Table]) -> None:
    """Remove all rows of all tables."""
    with translated(connection.engine.url):
        for each in reversed(tables):
            connection.execute(delete(each))


def add(connection: Connection, target: Table, given: Iterable[Row]) -> int:
    """Add rows to a table; return how many.

    Raises:
        AlreadyThere: one of them is there, or comes twice.
        NotThere: one of them names a row that is absent.
        NotStorable: a value does not fit its column.
    """
    added, waiting = 0, iter(given)
    with translated(connection.engine.url):
        while some := list(islice(waiting, _AT_ONCE)):
            connection.execute(insert(target), some)
            added += len(some)
    return added


def number_anew(connection: Connection, now: datetime) -> None:
    """Have the feeds of templates go on at a number that none of them ever had.

    An index may be up to a number of the database that was here before, or of this one after the
    backup was made: all changes are forgotten, so that each index is built anew. Microseconds since
    1970 are beyond any count of changes, and later ones beyond earlier ones.

    Args:
        connection: Where rows were restored.
        now: When.
    """
    number = (now - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    with translated(connection.engine.url):
        connection.execute(delete(template_changes))
        connection.execute(update(template_heads).values(seq=number, floor=number))


def to_line(row: Mapping[str, Any]) -> bytes:
    """Return a row as one line of JSON."""
    values = {name: _told(value) for name, value in row.items()}
    return json.dumps(values, separators=(",", ":")).encode() + b"\n"


def from_line(source: Table, line: bytes) -> Row:
    """Return the row that a line tells.

    Raises:
        NotStorable: it is none of this table.
    """
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        values = None
    names = set(source.c.keys())
    if not isinstance(values, dict) or values.keys() != names:
        raise NotStorable(f"a line is no row of the table {source.name}")
    return {name: _read(source.c[name], value) for name, value in values.items()}


def _told(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def _read(place: Column[Any], value: object) -> object:
    """Return a value as the type of its column takes it."""
    if value is None and place.nullable:
        return None
    try:
        fits, read = _READERS[type(place.type)]
        if type(value) is fits:  # a bool is an int as well
            return _fitting(place.type, read(value))
    except (ValueError, OverflowError, binascii.Error):
        pass
    raise NotStorable(f"a value of the column {place.name} of {place.table.name} cannot be used")


def _fitting(kind: TypeEngine[Any], value: object) -> object:
    """Return a value that its column has room for; raises NotStorable where it has not."""
    if isinstance(kind, (Words, Bytes)):
        kind.process_bind_param(value, _ANY)  # type: ignore[arg-type]  # its kind was looked at
    return value


def _number(value: int) -> int:
    if not -_LARGEST <= value < _LARGEST:
        raise ValueError
    return value


def _time(value: str) -> datetime:
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError
    return found


_READERS: dict[type[TypeEngine[Any]], tuple[type, Any]] = {
    BigInteger: (int, _number),
    Boolean: (bool, bool),
    Bytes: (str, lambda value: base64.b64decode(value, validate=True)),
    Prose: (str, str),
    Utc: (str, _time),
    Words: (str, str),
}


def _portable(found: Table, into: MetaData) -> Table:
    """Return a table of the scratch database with types that mean the same everywhere."""
    columns = (
        Column(each.name, _type(each), primary_key=each.primary_key, nullable=each.nullable)
        for each in found.columns
    )
    return Table(found.name, into, *columns)


def _type(found: Column[Any]) -> TypeEngine[Any]:
    match found.type:
        case Boolean():
            return Boolean()
        case DateTime():
            return Utc()
        case LargeBinary():
            return Bytes(LONGEST_LINE)
        case SqlText():
            return Prose(LONGEST_LINE)
        case String(length=length) if length:
            return Words(length)
        case _ if found.type.python_type is int:
            return BigInteger()
    raise TypeError(f"{found.table.name}.{found.name} is of a type that no backup knows yet")
