"""What logging in asks of rows, on each database."""

import threading

import pytest

from tests.store.filling import LATER, MINUTE, NOW, SOON, fill
from visavis.core.settings import StoreOptions
from visavis.store.engine import open_engine
from visavis.store.errors import StoreUnavailable
from visavis.store.work import Store


@pytest.fixture
def impatient(url, store, tmp_path):
    """Give the same rows to somebody who does not wait."""
    engine = open_engine(StoreOptions(url=url, lock_timeout_s=0.1), tmp_path)
    yield Store(engine)
    engine.dispose()


def test_who_is_held_is_changed_by_nobody_else(store, impatient):
    with store.work() as work:
        filled = fill(work, "a")
    ids = filled.tenant, filled.user
    with store.work() as work:
        held = work.users.hold(*ids)
        assert held == work.users.find(*ids)
        assert work.users.hold(filled.tenant, "nobody") is None
        with pytest.raises(StoreUnavailable), impatient.work() as other:
            other.users.note_failure(*ids)
    assert impatient.run(lambda other: other.users.note_failure(*ids)) == 1


def test_the_deployment_is_held_by_one(store, impatient):
    with store.work() as work:
        assert not work.keys.hold_deployment_keys("pepper")
        for version in (1, 2):
            work.keys.add_deployment_key("pepper", version, "root", b"wrapped", NOW)
    with store.work() as work:
        assert work.keys.hold_deployment_keys("pepper")
        with pytest.raises(StoreUnavailable), impatient.work() as other:
            other.keys.hold_deployment_keys("pepper")


def test_unlocking_forgets_what_failed(store):
    with store.work() as work:
        ids = (filled := fill(work, "a")).tenant, filled.user
        work.users.note_failure(*ids)
        work.users.lock(*ids, LATER)
        assert work.users.unlock(*ids)
        assert not work.users.unlock(filled.tenant, "nobody")
        user = work.users.find(*ids)
    assert user
    assert (user.failed_logins, user.locked_until, user.last_login_at) == (0, None, None)


def test_the_oldest_users_of_all_tenants(store):
    with store.work() as work:
        assert work.users.oldest(5) == ()
        tenants = [work.tenants.add(name, NOW).id for name in "ab"]
        for place, tenant in enumerate([*tenants, *tenants]):
            work.users.add(tenant, f"{place}@x", "", "", "viewer", NOW + place * MINUTE)
        assert [user.email for user in work.users.oldest(3)] == ["0@x", "1@x", "2@x"]


def test_only_sessions_that_go_on(store):
    with store.work() as work:
        ids = (filled := fill(work, "a")).tenant, filled.user
        open_ = work.sessions.start(*ids, "open", LATER, NOW + MINUTE)
        work.sessions.start(*ids, "over", SOON, NOW + MINUTE)
        ended = work.sessions.start(*ids, "ended", LATER, NOW + MINUTE)
        work.sessions.revoke(filled.tenant, ended.id, NOW, "left")
        found = [session.id for session in work.sessions.page(*ids, open_at=SOON).items]
        assert found == [open_.id, filled.session]
        assert len(work.sessions.page(*ids).items) == 4


def test_what_is_pretended_leaves_nothing_and_keeps_nobody_waiting(store, kind):
    with store.work() as work:
        filled = fill(work, "a")

    def pretend():
        with store.work() as work:
            work.tenants.pretend(NOW)

    threads = [threading.Thread(target=pretend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading() as work:
        assert [tenant.id for tenant in work.tenants.page().items] == [filled.tenant]
