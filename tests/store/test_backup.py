"""Rows as lines and back, the same from and into every database."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.filling import NOW, fill
from visavis.store import backup
from visavis.store.errors import AlreadyThere, NotStorable, NotThere, StoreUnavailable
from visavis.store.migrate import downgrade
from visavis.store.tables import metadata

TABLES = {table.name: table for table in backup.tables_of("head")}


def test_the_tables_of_the_newest_revision_are_those_of_the_code():
    assert set(TABLES) == set(metadata.tables) - {"log_lines"}  # the log stays where it was
    for name, table in TABLES.items():
        declared = metadata.tables[name]
        assert table.c.keys() == declared.c.keys()
        assert [c.nullable for c in table.c] == [c.nullable for c in declared.c]
        assert table.primary_key.columns.keys() == declared.primary_key.columns.keys()


def test_each_table_comes_after_those_that_its_rows_name():
    order = list(TABLES)
    for name in order:
        named = {key.column.table.name for key in metadata.tables[name].foreign_keys} - {name}
        assert all(order.index(other) < order.index(name) for other in named)


def test_an_older_revision_has_the_tables_that_it_had():
    assert "deployment_keys" not in {table.name for table in backup.tables_of("0001")}
    with pytest.raises(StoreUnavailable):
        backup.tables_of("9999")


def lines(engine):
    with backup.snapshot(engine) as connection:
        return {
            name: list(map(backup.to_line, backup.rows(connection, table)))
            for name, table in TABLES.items()
        }


def test_all_rows_go_out_and_come_back(store, engine):
    with store.work() as work:
        fill(work, "a")
        fill(work, "b")
    was = lines(engine)
    with engine.begin() as connection:
        backup.clear(connection, tuple(TABLES.values()))
        assert [backup.count(connection, table) for table in TABLES.values()] == [0] * len(TABLES)
        for name, table in TABLES.items():
            given = (backup.from_line(table, line) for line in was[name])
            assert backup.add(connection, table, given) == len(was[name])
    assert lines(engine) == was


def test_lines_are_the_same_from_every_database(store, engine):
    """Times, flags and JSON look differently in each; a line says one thing."""
    with store.work() as work:
        tenant = work.tenants.add("π \U0001f600", NOW, settings={"b": 1.5, "a": [None, True]}).id
        work.subjects.add(tenant, NOW, "x\t'\"\\", adult=True)
    told = lines(engine)
    assert json.loads(told["tenants"][0]) == {
        "id": tenant,
        "name": "π \U0001f600",
        "mode": "anonymous",
        "purposes": "[]",
        "settings": '{"b":1.5,"a":[null,true]}',
        "created_at": "2026-11-21T12:30:15.123457+00:00",
        "deleted_at": None,
    }
    subject = json.loads(told["subjects"][0])
    assert (subject["adult"], subject["reference"]) == (True, "x\t'\"\\")


def test_a_snapshot_sees_nothing_that_comes_later(store, engine):
    with store.work() as work:
        work.tenants.add("a", NOW)
    with backup.snapshot(engine) as connection:
        assert backup.revision_of(connection) == backup.newest_revision()
        assert backup.count(connection, TABLES["tenants"]) == 1
        with store.work() as work:
            work.tenants.add("b", NOW)
        assert backup.count(connection, TABLES["tenants"]) == 1
        assert len(list(backup.rows(connection, TABLES["audit_heads"]))) == 1


TENANT = {
    "id": "b" * 32,
    "name": "b",
    "mode": "verify",
    "purposes": "[]",
    "settings": "{}",
    "created_at": NOW,
    "deleted_at": None,
}
RULE = {"tenant_id": "a" * 32, "what": "visits", "days": 3}


@pytest.mark.parametrize(
    ("table", "rows", "refusal"),
    [("tenants", [TENANT, TENANT], AlreadyThere), ("retention", [RULE], NotThere)],
)
def test_rows_that_do_not_fit_are_refused_in_our_words(engine, table, rows, refusal):
    with pytest.raises(refusal), engine.begin() as connection:
        backup.add(connection, TABLES[table], rows)


def test_without_tables_there_is_no_revision(engine):
    downgrade(engine, "base")
    with pytest.raises(StoreUnavailable), backup.snapshot(engine) as connection:
        backup.revision_of(connection)


@given(
    size=st.integers(-(2**63), 2**63 - 1),
    at=st.datetimes(timezones=st.just(UTC)),
    media_type=st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=100),
)
def test_a_row_is_the_same_after_it_was_a_line(size, at, media_type):
    row = {
        "tenant_id": "a",
        "sha256": "b",
        "size": size,
        "media_type": media_type,
        "created_at": at,
    }
    assert backup.from_line(TABLES["blobs"], backup.to_line(row)) == row


@given(mac=st.binary(max_size=64), anchor=st.none() | st.binary(max_size=1000))
def test_bytes_are_the_same_after_they_were_a_line(mac, anchor):
    row = {"tenant_id": "a", "seq": 1, "mac": mac, "anchor": anchor}
    line = backup.to_line(row)
    assert line.count(b"\n") == 1
    assert backup.from_line(TABLES["audit_heads"], line) == row


@given(line=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_other_line_is_refused(line):
    with pytest.raises(NotStorable):
        backup.from_line(TABLES["blobs"], line)


def test_a_time_without_a_zone_is_refused():
    row = {"tenant_id": "a", "sha256": "b", "size": 1, "media_type": "", "created_at": "2026-01-01"}
    with pytest.raises(NotStorable, match="created_at of blobs"):
        backup.from_line(TABLES["blobs"], json.dumps(row).encode())
    assert datetime.fromisoformat("2026-01-01").tzinfo is None
