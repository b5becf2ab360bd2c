"""Migrations: up, down and up again, alone, and equal to the tables."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import MetaData, Table, inspect, text

from tests.store.databases import database
from tests.store.filling import NOW, fill
from visavis.core.settings import StoreOptions
from visavis.store import migrate
from visavis.store.engine import open_engine
from visavis.store.errors import StoreUnavailable
from visavis.store.migrate import current, differences, downgrade, main, pending, upgrade
from visavis.store.migrations import waits
from visavis.store.tables import metadata
from visavis.store.work import Store

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009")
HEAD = REVISIONS[-1]
UPGRADE = """
import sys
from pathlib import Path
from visavis.core.settings import StoreOptions
from visavis.store.engine import open_engine
from visavis.store.migrate import pending, upgrade
engine = open_engine(StoreOptions(url=sys.argv[1]), Path())
pending(engine)
upgrade(engine)
"""


def shape(engine):
    """Return all that a database says of its tables, in words that compare."""
    seen = inspect(engine)
    return {
        name: {
            "columns": [(c["name"], str(c["type"]), c["nullable"]) for c in seen.get_columns(name)],
            "key": seen.get_pk_constraint(name)["constrained_columns"],
            "parents": sorted(map(str, seen.get_foreign_keys(name))),
            "unique": sorted(map(str, seen.get_unique_constraints(name))),
            "indexes": sorted(map(str, seen.get_indexes(name))),
        }
        for name in seen.get_table_names()
        if name != "visavis_version"
    }


def test_up_and_down_and_up_again(empty):
    assert current(empty) is None
    assert pending(empty) == REVISIONS
    upgrade(empty)
    assert (current(empty), pending(empty), differences(empty)) == (HEAD, (), [])
    first = shape(empty)
    with Store(empty).work() as work:
        fill(work, "a")
    downgrade(empty, "base")
    assert current(empty) is None
    assert shape(empty) == {}
    upgrade(empty)
    upgrade(empty)
    assert (current(empty), differences(empty)) == (HEAD, [])
    assert shape(empty) == first
    with Store(empty).work() as work:
        fill(work, "a")


def test_migrating_makes_what_the_tables_say(kind, engine, tmp_path):
    with database(kind, tmp_path) as other:
        declared = open_engine(StoreOptions(url=other), tmp_path)
        metadata.create_all(declared)
        made = without_schema(declared)
        declared.dispose()
    assert without_schema(engine) == made
    assert "VARCHAR(32)" in made


def without_schema(engine):
    """Return a shape as text, without the name of the database or schema it lies in."""
    schema = str(inspect(engine).default_schema_name)
    return str(sorted(shape(engine).items())).replace(schema, "here")


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE more (id INTEGER)",
        "DROP TABLE retention",
        "ALTER TABLE retention ADD COLUMN more INTEGER",
        "CREATE INDEX ix_more ON retention (days)",
    ],
)
def test_differences_are_seen(engine, change):
    with engine.begin() as connection:
        connection.execute(text(change))
    assert differences(engine)


def test_the_check_of_the_project(monkeypatch, capfd):
    assert main(["check"]) == 0
    more = MetaData()
    for table in metadata.sorted_tables:
        table.to_metadata(more)
    Table("more", more)
    monkeypatch.setattr(migrate, "metadata", more)
    assert main(["check"]) == 1
    assert "add_table" in capfd.readouterr().err


def test_processes_that_start_together_migrate_once(url, empty):
    told = [sys.executable, "-c", UPGRADE, url]
    running = [
        subprocess.Popen(told, stderr=subprocess.PIPE, cwd=Path(migrate.__file__).parents[3])
        for _ in range(4)
    ]
    for process in running:
        _, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors.decode()
    assert (current(empty), differences(empty)) == (HEAD, [])


def test_a_database_of_a_newer_version_is_left_alone(engine):
    with engine.begin() as connection:
        connection.execute(text("UPDATE visavis_version SET version_num = '9999'"))
    for act in (pending, upgrade):
        with pytest.raises(StoreUnavailable, match="newer version of Visavis"):
            act(engine)
    assert current(engine) == "9999"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])  # MySQL cannot undo changes of tables
def test_a_step_that_fails_leaves_nothing(empty):
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE blob_uses (id INTEGER)"))  # the last one made
    with pytest.raises(StoreUnavailable, match="refused"):
        upgrade(empty)
    assert set(shape(empty)) == {"blob_uses"}
    assert current(empty) is None
    with empty.begin() as connection:
        connection.execute(text("DROP TABLE blob_uses"))
    upgrade(empty)
    assert differences(empty) == []


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])  # readers never stand in SQLite's way
def test_a_step_does_not_wait_for_long_where_a_table_is_in_use(store, engine, monkeypatch):
    monkeypatch.setattr(waits, "LONGEST_WAIT_S", 1)
    first = REVISIONS[0]
    with store.work() as work:
        tenant = work.tenants.add("a", NOW).id
    downgrade(engine, first)
    with store.reading() as work:
        work.blob_rows.uses(tenant, "ab" * 32)
        with pytest.raises(StoreUnavailable, match="for too long"):
            downgrade(engine, "base")
    assert current(engine) == first
    upgrade(engine)
    assert differences(engine) == []


def test_migrating_does_not_change_the_connections_of_others(engine):
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    assert engine.pool.checkedin() == 1
