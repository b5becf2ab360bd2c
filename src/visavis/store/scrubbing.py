"""What databases keep of rows that were removed, and having them let go of it."""

from contextlib import closing

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from visavis.store.tables import metadata
from visavis.store.translate import translated

PATIENCE_MS = 2000
"""Longest wait for others; who erases is waited for."""

_ALSO = ("subjects", "blobs", "receipts")
CONCERNED = tuple(
    sorted(
        table.name
        for table in metadata.tables.values()
        if table.name in _ALSO or ("subject_id" in table.c and table.name != "audit_entries")
    )
)
"""Tables that rows of an erased subject were in; entries of the audit log are never removed."""


def scrub(engine: Engine) -> bool:
    """Have a database keep no copies of what was erased; return whether it was possible.

    Raises:
        StoreUnavailable: there is no connection.
    """
    if engine.dialect.name == "sqlite":
        return _empty_log(engine)
    return _vacuum(engine) if engine.dialect.name == "postgresql" else True


def _empty_log(engine: Engine) -> bool:
    """Have SQLite move its log of changes into the file and cut it to nothing.

    While it waits for readers nobody can write, so it does not wait as long as a unit would.
    """
    with translated(engine.url), closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout")
        (usual_ms,) = cursor.fetchone() or (0,)
        cursor.execute(f"PRAGMA busy_timeout = {min(usual_ms, PATIENCE_MS)}")
        try:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            is_busy, *_pages = cursor.fetchone() or (1,)
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual_ms}")
        return not is_busy


def _vacuum(engine: Engine) -> bool:
    """Have PostgreSQL free the rows that nobody sees any more, without locking anybody out."""
    alone = engine.execution_options(isolation_level="AUTOCOMMIT")
    with translated(engine.url), alone.connect() as connection:
        connection.exec_driver_sql(f"SET statement_timeout = {PATIENCE_MS}")
        try:
            connection.exec_driver_sql(f"VACUUM (TRUNCATE FALSE) {', '.join(CONCERNED)}")
        except DBAPIError:  # it took too long, or is not ours to do; the server does it later
            return False
        finally:
            connection.exec_driver_sql("RESET statement_timeout")
    return True
