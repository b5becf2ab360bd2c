"""Where rows are kept, what each connection promises, and what errors say."""

import sqlite3
import stat
import traceback
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError

from tests.store.databases import MYSQL, POSTGRES, database
from tests.store.filling import NOW
from visavis.core.errors import InvalidSettings, Unavailable
from visavis.core.roles import Role
from visavis.core.settings import StoreOptions
from visavis.store.engine import open_engine
from visavis.store.errors import AlreadyThere, NotThere, StoreUnavailable
from visavis.store.migrate import upgrade
from visavis.store.tables.users import users
from visavis.store.urls import read_url, shown
from visavis.store.work import Store

SECRET = "s3cr3t"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def told(caught: pytest.ExceptionInfo[BaseException]) -> str:
    """Return all that a log would hold of an error."""
    return "".join(traceback.format_exception(caught.value, chain=True))


@pytest.mark.parametrize(
    ("text", "driver", "where"),
    [
        ("postgresql://u:p@h/d", "postgresql+psycopg", "postgresql at h, database d"),
        ("postgres://u:p@h:1/d", "postgresql+psycopg", "postgresql at h:1, database d"),
        ("postgresql+psycopg2://h/d", "postgresql+psycopg", "postgresql at h, database d"),
        ("mysql://u:p@h/d?x=y", "mysql+pymysql", "mysql at h, database d"),
        ("mariadb://h/d", "mysql+pymysql", "mysql at h, database d"),
        ("sqlite:////d/v.db", "sqlite+pysqlite", "sqlite /d/v.db"),
        ("", "sqlite+pysqlite", "sqlite /data/visavis.db"),
    ],
)
def test_urls_lead_to_our_drivers(text, driver, where):
    url = read_url(text, Path("/data"))
    assert (url.drivername, shown(url)) == (driver, where)


@pytest.mark.parametrize(
    "url",
    [
        f"u:{SECRET}@host/d",
        f"oracle://u:{SECRET}@host/d",
        f"postgresql://u:x@{SECRET}@host/d",
        f"postgresql://us/er:{SECRET}@host/d",
        f"postgresql://u@host:{SECRET}/d",
        "sqlite://",
        "sqlite:///:memory:",
        f"sqlite:///file:x?uri=true&key={SECRET}",
    ],
)
def test_urls_that_cannot_be_used_are_not_quoted(url, tmp_path):
    with pytest.raises(InvalidSettings, match="VISAVIS_STORE__URL") as caught:
        open_engine(StoreOptions(url=url), tmp_path)
    assert SECRET not in told(caught)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ada:{SECRET}@127.0.0.1:1/none",
        f"postgresql://127.0.0.1:1/none?password={SECRET}",
        f"mysql://ada:{SECRET}@127.0.0.1:1/none",
        f"mysql://ada:{SECRET}%40%3A@127.0.0.1:1/none",
    ],
)
def test_a_server_that_is_not_there(url, tmp_path):
    store = Store(open_engine(StoreOptions(url=url), tmp_path))
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:1, database none") as caught:
        store.check()
    assert isinstance(caught.value, Unavailable)
    assert SECRET not in told(caught)
    assert SECRET not in repr(StoreOptions(url=url))


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_server_that_refuses_us(kind, tmp_path):
    with database(kind, tmp_path):  # it is there, then
        pass
    there = read_url(POSTGRES if kind == "postgresql" else MYSQL, tmp_path)
    url = there.set(username="nobody", password=SECRET, database="none")
    engine = open_engine(StoreOptions(url=url.render_as_string(hide_password=False)), tmp_path)
    with pytest.raises(StoreUnavailable, match="nobody") as caught:
        Store(engine).check()
    assert SECRET not in told(caught) + repr(engine)


def test_the_file_is_private(tmp_path):
    folder = tmp_path / "data" / "deep"
    engine = open_engine(StoreOptions(), folder)
    upgrade(engine)
    with engine.begin():
        assert {path.name for path in folder.iterdir()} >= {"visavis.db", "visavis.db-wal"}
        assert {mode(path) for path in folder.iterdir()} == {0o600}
    assert mode(folder) == 0o700
    engine.dispose()


def test_a_file_from_elsewhere_is_made_private_and_its_folder_left(tmp_path):
    path = tmp_path / "mine.db"
    path.touch(0o644)
    tmp_path.chmod(0o755)
    engine = open_engine(StoreOptions(url=f"sqlite:///{path}"), tmp_path / "unused")
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    engine.dispose()
    assert (mode(path), mode(tmp_path)) == (0o600, 0o755)
    assert not (tmp_path / "unused").exists()


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "visavis.db").write_bytes(b"no database" * 100)
    with pytest.raises(StoreUnavailable, match="restore the file from a backup"):
        open_engine(StoreOptions(), tmp_path)
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        open_engine(StoreOptions(), tmp_path / "visavis.db")


def test_a_database_without_our_tables(empty):
    with pytest.raises(StoreUnavailable, match="migrate it first"), Store(empty).reading() as work:
        work.tenants.find("x")


def test_promises_of_a_sqlite_connection(tmp_path):
    engine = open_engine(StoreOptions(lock_timeout_s=1.5), tmp_path)
    wanted = {"foreign_keys": 1, "journal_mode": "wal", "synchronous": 2, "busy_timeout": 1500}
    with engine.connect() as connection:
        for name, value in (wanted | {"secure_delete": 1}).items():
            assert connection.execute(text(f"PRAGMA {name}")).scalar() == value, name
    engine.dispose()


@pytest.mark.parametrize(
    ("kind", "asked", "wanted"),
    [
        ("postgresql", "SHOW lock_timeout", "1500ms"),
        ("postgresql", "SHOW transaction_isolation", "read committed"),
        ("postgresql", "SHOW client_encoding", "UTF8"),
        ("mysql", "SELECT @@innodb_lock_wait_timeout", 2),
        ("mysql", "SELECT @@lock_wait_timeout", 2),
        ("mysql", "SELECT @@character_set_client", "utf8mb4"),
        ("mysql", "SELECT @@tx_isolation", "READ-COMMITTED"),
    ],
)
def test_promises_of_a_server_connection(kind, asked, wanted, tmp_path):
    with database(kind, tmp_path) as url:
        engine = open_engine(StoreOptions(url=url, lock_timeout_s=1.5), tmp_path)
        for _ in range(2):  # a connection that comes back from the pool is as good as a new one
            with engine.connect() as connection:
                assert connection.exec_driver_sql(asked).scalar() == wanted
        engine.dispose()


def test_foreign_keys_are_enforced(engine):
    row: dict[str, object] = {
        "tenant_id": "nobody",
        "id": "1",
        "email": "e",
        "full_name": "f",
        "password_hash": "p",
    }
    row |= {"role": Role.OWNER, "state": "active", "failed_logins": 0, "created_at": NOW}
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(insert(users).values(row | {"password_changed_at": NOW}))


def test_errors_about_rows_do_not_quote_them(store):
    name = "somebody@private.org"
    with store.work() as work:
        tenant = work.tenants.add("a", NOW).id
        work.users.add(tenant, name, "Ada", "argon", Role.OWNER, NOW)
    for kind, whose in ((AlreadyThere, tenant), (NotThere, "of nobody")):
        address = name if kind is AlreadyThere else f"not {name}"
        with pytest.raises(kind) as caught, store.work() as work:
            work.users.add(whose, address, "Ada", "argon", Role.OWNER, NOW)
        assert "private.org" not in told(caught).replace('"somebody@private.org"', "")
        assert isinstance(caught.value.__context__, Exception)  # there, but never shown
        assert caught.value.__suppress_context__


@pytest.mark.parametrize("idle", [True, False])
def test_connections_that_the_server_has_dropped_are_replaced(
    store, engine, kind, idle, monkeypatch
):
    """At once where it idled; one that was at work a moment ago is found out by the next unit."""
    monkeypatch.setattr("visavis.store.engine.PING_AFTER_S", 0 if idle else 3600)
    if kind == "sqlite":
        engine.dispose()
    with store.work() as work:
        tenant = work.tenants.add("a", NOW)
    if kind != "sqlite":
        drop_all(engine, kind)
        if not idle:
            with pytest.raises(StoreUnavailable), store.reading() as work:
                work.tenants.find(tenant.id)
    with store.reading() as work:
        assert work.tenants.find(tenant.id) == tenant


def drop_all(engine, kind):
    """Have the server drop the connection that lies in the pool."""
    mine = "pg_backend_pid()" if kind == "postgresql" else "CONNECTION_ID()"
    kill = "SELECT pg_terminate_backend({})" if kind == "postgresql" else "KILL {}"
    with engine.connect() as pooled:
        number = pooled.exec_driver_sql(f"SELECT {mine}").scalar()
    other = open_engine(StoreOptions(url=engine.url.render_as_string(hide_password=False)), Path())
    with other.connect() as connection:
        connection.exec_driver_sql(kill.format(number))
    other.dispose()


def test_a_disk_without_room_is_told(tmp_path):
    """SQLite as it answers when the disk is full."""
    engine = open_engine(StoreOptions(pool_size=1), tmp_path)
    upgrade(engine)
    with engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(StoreUnavailable, match="refused a statement"):
        Store(engine).run(lambda work: [work.tenants.add(f"{n}", NOW) for n in range(10_000)])
    with Store(engine).reading() as work:
        assert work.tenants.page().items == ()
    engine.dispose()


def test_what_was_erased_is_not_in_the_file_any_more(tmp_path):
    engine = open_engine(StoreOptions(), tmp_path)
    upgrade(engine)
    store = Store(engine)
    with store.work() as work:
        tenant = work.tenants.add("a", NOW).id
        subject = work.subjects.add(tenant, NOW).id
        work.keys.add_subject_key(tenant, subject, 1, 1, b"the key that seals", NOW)
    with store.work() as work:
        assert work.keys.destroy_subject(tenant, subject) == 1
    assert store.scrub()
    store.close()
    assert all(b"the key that seals" not in path.read_bytes() for path in tmp_path.iterdir())
    with sqlite3.connect(tmp_path / "visavis.db") as database_:
        assert database_.execute("SELECT count(*) FROM subjects").fetchone() == (1,)
    database_.close()
