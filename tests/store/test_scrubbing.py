"""What was removed leaves no copy that a database could be read for."""

import time
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from tests.conftest import require_or_skip
from tests.store.filling import NOW, SOON, fill
from visavis.store.scrubbing import CONCERNED
from visavis.store.tables import metadata

PATIENCE_S = 60.0
"""Other tests use the same servers, and what they read may be longer than this one."""

SECRET = b"bytes that only this value has " * 40


@pytest.fixture
def filled(store):
    with store.work() as work:
        made = fill(work, "a")
        for _ in range(20):
            work.sealed.add(made.tenant, made.subject, "template", 1, SECRET, NOW)
    return made


def erase(store, filled):
    with store.work() as work:
        assert work.sealed.remove_of_subject(filled.tenant, filled.subject) == 21
        assert work.subjects.mark_erased(filled.tenant, filled.subject, SOON)


def test_every_table_of_a_subject_is_concerned_but_the_audit_log():
    theirs = {name for name, table in metadata.tables.items() if "subject_id" in table.c}
    assert theirs - {"audit_entries"} <= set(CONCERNED)
    assert "audit_entries" not in CONCERNED


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_sqlite_file_and_its_log_hold_nothing_afterwards(store, filled, tmp_path):
    files = [path for path in Path(tmp_path).iterdir() if ".db" in path.name]
    assert any(SECRET in path.read_bytes() for path in files)
    erase(store, filled)
    assert store.scrub()
    for path in files:
        if path.exists():
            assert SECRET not in path.read_bytes()
            assert b"customer of a" not in path.read_bytes()
            assert not path.name.endswith("-wal") or path.stat().st_size == 0


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
def test_postgresql_has_no_dead_rows_afterwards(store, engine, filled):
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS pgstattuple")
    except DBAPIError:
        require_or_skip("postgres", "its extension pgstattuple cannot be installed here")

    def dead():
        with engine.connect() as connection:
            found = connection.exec_driver_sql(
                "SELECT dead_tuple_count FROM pgstattuple('sealed'::regclass)"
            )
            return found.scalar()

    erase(store, filled)
    assert dead() == 21
    # Rows that somebody in another database of this server may still see have to stay meanwhile.
    until = time.monotonic() + PATIENCE_S
    while not (store.scrub() and dead() == 0):
        assert time.monotonic() < until
        time.sleep(0.1)


def test_who_reads_is_not_disturbed_and_the_caller_is_told(store, kind, filled):
    with store.reading() as reader:
        assert reader.sealed.count(filled.tenant, "template") == 21
        erase(store, filled)
        assert store.scrub() == (kind != "sqlite")
        assert reader.sealed.count(filled.tenant, "template") == 21
    assert store.scrub()


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
def test_a_server_that_takes_too_long_is_not_waited_for(store, engine, filled):
    """Somebody else has locked a table that is to be cleaned."""
    erase(store, filled)
    with engine.begin() as holder:
        holder.exec_driver_sql("LOCK TABLE sealed IN ACCESS EXCLUSIVE MODE")
        assert not store.scrub()
    assert store.scrub()
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "0"
