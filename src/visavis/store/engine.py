"""The connections to the database: one set of promises, whichever it is.

- A unit that writes sees what others have committed (READ COMMITTED; in SQLite it is alone).
- A unit that only reads sees one state of everything, and cannot write.
- Nobody waits longer than `lock_timeout_s` for a row or a table.
"""

import math
import sqlite3
import time
from pathlib import Path
from typing import Any, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from visavis.core.errors import InvalidSettings
from visavis.core.settings import StoreOptions
from visavis.store import sqlite
from visavis.store.urls import read_url

READING = "visavis_reading"
"""Name of the execution option of units that only read."""

_SINCE = "visavis_idle_since"

CONNECT_TIMEOUT_S = 10
PING_AFTER_S = 1.0
"""A connection that idled for longer is tried before a unit: the server may have gone away. At work
a round trip in front of each unit would be a fifth of what a short one costs."""
LONGEST_LIFE_S = 1800
"""Age at which a connection is replaced: servers and firewalls drop those that idle for long."""

MOST_MAPPED = 2_147_418_112
"""Bytes of a SQLite file that are read through memory that all share: the most it takes."""

_STRICT = "STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO"


def open_engine(options: StoreOptions, folder: Path) -> Engine:
    """Return the connections to the database; a server is not asked before the first unit.

    Args:
        options: Where it is.
        folder: The data folder, for a database that the options do not name.

    Raises:
        InvalidSettings: the URL cannot be used, or its driver is not installed.
        StoreUnavailable: the SQLite file cannot be made or opened.
    """
    url = read_url(options.url, folder)
    is_file = url.get_backend_name() == "sqlite"
    if is_file:
        sqlite.prepare(Path(str(url.database)))
    try:
        engine = create_engine(
            url,
            hide_parameters=True,
            pool_size=options.pool_size,
            max_overflow=options.pool_size,
            pool_timeout=options.lock_timeout_s,
            pool_use_lifo=True,
            pool_recycle=-1 if is_file else LONGEST_LIFE_S,
            **_particulars(url, options.lock_timeout_s),
        )
    except ImportError as exc:
        raise InvalidSettings(
            f"{url.get_backend_name()} needs one more library ({exc.name}): pip install "
            "'psycopg[binary]' for PostgreSQL, 'pymysql' for MariaDB and MySQL"
        ) from None
    _prepare_connections(engine, options.lock_timeout_s)
    if not is_file:
        _ping_the_idle(engine)
    return engine


def reader_of(engine: Engine) -> Engine:
    """Return the same connections for units that only read."""
    options: dict[str, Any] = {READING: True}
    if engine.dialect.name == "postgresql":  # said with BEGIN; elsewhere `_begin` says it
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return engine.execution_options(**options)


def _particulars(url: URL, lock_timeout_s: float) -> dict[str, Any]:
    """Return what the driver is told."""
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": lock_timeout_s, "check_same_thread": False}}
    told: dict[str, Any] = {"connect_timeout": CONNECT_TIMEOUT_S}
    if url.get_backend_name() == "mysql":
        told["charset"] = "utf8mb4"
    else:
        told["client_encoding"] = "utf8"
    return {"connect_args": told, "isolation_level": "READ COMMITTED"}


def _prepare_connections(engine: Engine, lock_timeout_s: float) -> None:
    """Have each new connection and each new unit begin as promised."""
    statements = _first_statements(engine.dialect.name, lock_timeout_s)

    def connected(dbapi: Any, _record: object) -> None:  # noqa: ANN401  # three drivers
        if isinstance(dbapi, sqlite3.Connection):
            dbapi.isolation_level = None  # the driver begins no units of its own; `_begin` does
        cursor = dbapi.cursor()
        for statement in statements:
            cursor.execute(statement)
        cursor.close()
        dbapi.commit()

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", _begin)


def _ping_the_idle(engine: Engine) -> None:
    """Replace a connection that a server dropped while it was not used."""

    def returned(_dbapi: object, record: ConnectionPoolEntry) -> None:
        record.info[_SINCE] = time.monotonic()

    def taken(dbapi: Any, record: ConnectionPoolEntry, _fairy: object) -> None:  # noqa: ANN401
        if time.monotonic() - record.info.get(_SINCE, time.monotonic()) < PING_AFTER_S:
            return
        try:
            alive = engine.dialect.do_ping(dbapi)
        except engine.dialect.loaded_dbapi.Error:
            alive = False
        if not alive:
            raise DisconnectionError  # the pool makes another one

    event.listen(engine, "checkin", returned)
    event.listen(engine, "checkout", taken)


def _first_statements(dialect: str, lock_timeout_s: float) -> tuple[str, ...]:
    whole_s = math.ceil(lock_timeout_s)
    return {
        "sqlite": (
            "PRAGMA foreign_keys = ON",
            "PRAGMA synchronous = FULL",
            "PRAGMA secure_delete = ON",  # what was erased is overwritten, not only forgotten
            "PRAGMA trusted_schema = OFF",
            # Of a large file each row lies elsewhere: mapped, it is read without a call for each.
            f"PRAGMA mmap_size = {MOST_MAPPED}",
        ),
        "postgresql": (f"SET lock_timeout = {math.ceil(lock_timeout_s * 1000)}",),
        "mysql": (
            f"SET SESSION sql_mode = '{_STRICT}'",
            f"SET SESSION innodb_lock_wait_timeout = {whole_s}, lock_wait_timeout = {whole_s}",
        ),
    }[dialect]


def _begin(connection: Connection) -> None:
    """Begin a unit.

    In SQLite one that writes takes the right to write at once: two that have read and then both
    want to write could never go on. Its driver is told directly, as each unit begins with this:
    through the layers above it takes twenty times as long as SQLite needs for it.
    """
    reading = bool(connection.get_execution_options().get(READING, False))
    if connection.dialect.name == "sqlite":
        driver = cast("sqlite3.Connection", connection.connection.dbapi_connection)
        try:
            driver.execute(f"PRAGMA query_only = {int(reading)}")
            driver.execute("BEGIN" if reading else "BEGIN IMMEDIATE")
        except sqlite3.Error as exc:
            raise DBAPIError.instance("BEGIN", (), exc, sqlite3.Error) from exc
    elif reading and connection.dialect.name == "mysql":
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
