"""Empty databases for tests, dropped afterwards: a file, a schema, a MariaDB database."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import NullPool, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from tests.conftest import require_or_skip

POSTGRES = os.environ.get("VISAVIS_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/test")
MYSQL = os.environ.get("VISAVIS_TEST_MYSQL_URL", "mysql://root@127.0.0.1:3306/test")
KINDS = ("sqlite", "postgresql", "mysql")


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """Make an empty database and give its URL as an operator would write it."""
    name = f"visavis_test_{uuid.uuid4().hex[:12]}"
    if kind == "sqlite":
        yield f"sqlite:///{folder / name}.db"
    elif kind == "postgresql":
        yield from _postgres_schema(name)
    else:
        yield from _mysql_database(name)


def _postgres_schema(name: str) -> Iterator[str]:
    try:
        admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as exc:
        require_or_skip("postgres", f"no PostgreSQL at VISAVIS_TEST_POSTGRES_URL: {exc}")
    with admin:
        admin.execute(f"CREATE SCHEMA {name}")
        try:
            url = make_url(POSTGRES).update_query_dict({"options": f"-csearch_path={name}"})
            yield url.render_as_string(hide_password=False)
        finally:
            admin.execute("SET client_min_messages = warning")
            admin.execute(f"DROP SCHEMA {name} CASCADE")


def _mysql_database(name: str) -> Iterator[str]:
    url = make_url(MYSQL)
    admin = create_engine(
        url.set(drivername="mysql+pymysql"), isolation_level="AUTOCOMMIT", poolclass=NullPool
    )
    try:
        connection = admin.connect()
    except OperationalError as exc:
        require_or_skip("mysql", f"no MariaDB or MySQL at VISAVIS_TEST_MYSQL_URL: {exc.orig}")
    with connection:
        # Its habits are not ours: whatever the tables do not say themselves would show.
        connection.execute(text(f"CREATE DATABASE {name} CHARACTER SET latin1"))
        try:
            yield url.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(text(f"DROP DATABASE {name}"))
