"""The audit log in a database that somebody has the password of."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from visavis.core.settings import StoreOptions, VaultOptions
from visavis.store.engine import open_engine
from visavis.store.migrate import upgrade
from visavis.store.work import Store
from visavis.usecases.audit import PURPOSE, AuditLog
from visavis.vault.audit_chain import Fault, Finding
from visavis.vault.keyring import Keyring
from visavis.vault.root_keys import open_root_keys

NOW = datetime(2026, 11, 21, 9, 30, 0, 123456, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path):
    engine = open_engine(StoreOptions(), tmp_path)
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine):
    return Store(engine)


@pytest.fixture
def keyring(tmp_path):
    return Keyring(open_root_keys(VaultOptions(), tmp_path / "vault"))


@pytest.fixture
def tenant(store):
    with store.work() as work:
        return work.tenants.add("Shop", NOW).id


def write(store, log, tenant, count, actor="user"):
    for i in range(count):
        with store.work() as work:
            subject = work.subjects.add(tenant, NOW).id
            log.note(
                work, tenant, actor, "subject.enrolled", NOW + timedelta(seconds=i), subject,
                {"faces": i, "word": "Zoë"},
            )  # fmt: skip


def test_a_log_is_whole_also_after_its_key_was_rotated_and_for_another_process(
    store, keyring, tenant, tmp_path
):
    log = AuditLog(keyring)
    write(store, log, tenant, 5)
    with store.work() as work:
        keyring.rotate_tenant(work.keys, tenant, PURPOSE, NOW)
    write(store, log, tenant, 5)
    elsewhere = AuditLog(Keyring(open_root_keys(VaultOptions(), tmp_path / "vault")))
    assert elsewhere.verify(store, tenant) == []
    with store.reading() as work:
        assert [entry.seq for entry in work.audit.entries(tenant)] == list(range(1, 11))


def test_an_act_that_fails_leaves_no_entry_and_no_gap(store, keyring, tenant):
    log = AuditLog(keyring)
    write(store, log, tenant, 2)

    def fail():
        with store.work() as work:
            log.note(work, tenant, "user", "subject.erased", NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    write(store, log, tenant, 2)
    assert log.verify(store, tenant) == []
    with store.reading() as work:
        assert {entry.action for entry in work.audit.entries(tenant)} == {"subject.enrolled"}


def test_many_who_write_at_once_make_one_chain(store, keyring, tenant):
    log = AuditLog(keyring)
    write(store, log, tenant, 1)  # makes the key
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: write(store, log, tenant, 5, f"user{i}"), range(8)))
    assert log.verify(store, tenant) == []
    with store.reading() as work:
        assert sum(1 for _ in work.audit.entries(tenant)) == 41


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("UPDATE audit_entries SET actor = 'nobody' WHERE seq = 3", Finding(3, Fault.EDITED)),
        ("UPDATE audit_entries SET details = '{}' WHERE seq = 3", Finding(3, Fault.EDITED)),
        ("UPDATE audit_entries SET subject_id = NULL WHERE seq = 3", Finding(3, Fault.EDITED)),
        ("DELETE FROM audit_entries WHERE seq = 3", Finding(4, Fault.MISSING)),
        ("DELETE FROM audit_entries WHERE seq > 3", Finding(4, Fault.CUT_OFF)),
        ("UPDATE audit_heads SET seq = 3", Finding(3, Fault.HEAD_EDITED)),
    ],
)
def test_whoever_changes_the_tables_is_found_out(store, keyring, engine, tenant, change, expected):
    log = AuditLog(keyring)
    write(store, log, tenant, 6)
    with engine.begin() as connection:
        connection.execute(text(change))
    assert expected in log.verify(store, tenant)


def test_a_log_that_was_wiped_with_its_head_and_key_is_not_a_new_one(
    store, keyring, tenant, engine
):
    log = AuditLog(keyring)
    write(store, log, tenant, 3)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_entries"))
        connection.execute(text("UPDATE audit_heads SET seq = 0, mac = '', anchor = NULL"))
        connection.execute(text("DELETE FROM tenant_keys WHERE purpose = 'audit'"))
    assert log.verify(store, tenant) == [Finding(1, Fault.CUT_OFF)]


def test_a_head_that_was_kept_elsewhere_shows_an_older_log_put_back(store, keyring, tenant, engine):
    log = AuditLog(keyring)
    write(store, log, tenant, 3)
    with engine.begin() as connection:
        old = connection.execute(text("SELECT seq, mac, anchor FROM audit_heads")).one()
    write(store, log, tenant, 3)
    with store.reading() as work:
        kept = log.head(work, tenant)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_entries WHERE seq > 3"))
        back = text("UPDATE audit_heads SET seq = :seq, mac = :mac, anchor = :anchor")
        connection.execute(back, dict(old._mapping))
    assert log.verify(store, tenant) == []
    assert log.verify(store, tenant, kept) == [Finding(4, Fault.CUT_OFF)]
