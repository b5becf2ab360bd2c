"""Migrations: bringing the tables of a database to what this version needs.

`python -m visavis.store.migrate check` makes a SQLite database by migrating it, and exits with 1
where that differs from the tables that the code declares.
"""

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from filelock import Timeout
from sqlalchemy import Connection, Engine, text

from visavis.core.settings import StoreOptions
from visavis.store import sqlite
from visavis.store.engine import open_engine, reader_of
from visavis.store.errors import StoreUnavailable
from visavis.store.migrations import VERSION_TABLE
from visavis.store.tables import metadata
from visavis.store.translate import translated

PATIENCE_S = 600
"""How long a process waits while another one migrates."""

_ADVISORY = 0x7669736176697301
"""The number of our lock in PostgreSQL: `visavis` and a 1."""

_IN_THIS_PROCESS = Lock()
"""Alembic keeps what it works on in global names."""


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring a database up to a revision; processes that start together do it one after the other.

    In PostgreSQL and SQLite each step happens as a whole or not at all. MySQL cannot undo changes
    of tables: when a step fails there, restore the backup.

    Raises:
        StoreUnavailable: the database does not answer or refuses, somebody else uses a table for
            too long, or a newer version of Visavis made it.
    """
    with _alone(engine) as connection:
        command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Bring a database back to a revision, with what later ones keep; `base` removes all tables.

    Raises:
        StoreUnavailable: as for `upgrade`.
    """
    with _alone(engine) as connection:
        command.downgrade(_config(connection), revision)


def current(engine: Engine) -> str | None:
    """Return the revision of a database; None = it has no tables of ours.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with _reading(engine) as connection:
        return _context(connection).get_current_revision()


def pending(engine: Engine) -> tuple[str, ...]:
    """Return the revisions that a database lacks, in their order.

    Raises:
        StoreUnavailable: it does not answer, or a newer version of Visavis made it.
    """
    here = current(engine)
    with _explained():
        steps = ScriptDirectory.from_config(_config()).iterate_revisions("head", here or "base")
        return tuple(reversed([step.revision for step in steps]))


def differences(engine: Engine) -> list[Any]:
    """Return what a database has and the code does not declare, or the other way round.

    Returns:
        Alembic's words for it; empty where both are the same.
    """
    with _reading(engine) as connection:
        return list(compare_metadata(_context(connection), metadata))


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says.

    Returns:
        The exit code: 1 where tables and migrations differ.
    """
    parser = argparse.ArgumentParser(prog="python -m visavis.store.migrate")
    parser.add_argument("what", choices=["check"], help="compare the tables with the migrations")
    parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(StoreOptions(), Path(folder))
        upgrade(engine)
        found = differences(engine)
        engine.dispose()
    for difference in found:
        sys.stderr.write(f"tables and migrations differ: {difference}\n")
    return 1 if found else 0


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """Lend a connection while no other process migrates; it is closed afterwards, not kept."""
    with (
        _explained(),
        translated(engine.url),
        _IN_THIS_PROCESS,
        _file_lock(engine),
        engine.connect() as connection,
    ):
        connection.detach()
        _hold(connection)
        yield connection


def _file_lock(engine: Engine) -> AbstractContextManager[object]:
    if engine.dialect.name != "sqlite":
        return nullcontext()
    return sqlite.lock(Path(str(engine.url.database)), PATIENCE_S)


def _hold(connection: Connection) -> None:
    """Wait for the server's own lock, which goes with the connection."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET lock_timeout = '{PATIENCE_S}s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({_ADVISORY})")
    elif connection.dialect.name == "mysql":
        # Names are of the whole server, and have 64 characters at most.
        database = hashlib.sha256(str(connection.engine.url.database).encode()).hexdigest()
        locked = text("SELECT GET_LOCK(:name, :patience)")
        told = {"name": f"visavis {database[:40]}", "patience": PATIENCE_S}
        if connection.execute(locked, told).scalar() != 1:
            raise StoreUnavailable("another process migrates the database for too long; try later")
    else:  # a step may make a table anew, and rows that point to it must not go with the old one
        connection.connection.cursor().execute("PRAGMA foreign_keys = OFF")
    connection.commit()


@contextmanager
def _reading(engine: Engine) -> Iterator[Connection]:
    reader = reader_of(engine)
    with translated(engine.url), reader.connect() as connection:
        yield connection


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what goes wrong around the steps into our errors."""
    try:
        yield
    except (CommandError, RevisionError) as exc:
        raise StoreUnavailable(
            f"the database cannot be migrated ({exc}); if a newer version of Visavis made it, "
            "install that one"
        ) from exc
    except Timeout:
        raise StoreUnavailable(
            "another process migrates the database for too long; try again later"
        ) from None


def _context(connection: Connection) -> MigrationContext:
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})


def _config(connection: Connection | None = None) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "visavis.store:migrations")
    return config


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
