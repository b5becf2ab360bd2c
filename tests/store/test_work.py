"""Units of work: all or nothing, one state to readers, repeats where others were in the way."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.store.filling import LATER, NOW, SOON, fill
from visavis.core.settings import StoreOptions
from visavis.store.engine import open_engine
from visavis.store.errors import NotStorable, StoreBusy, StoreUnavailable
from visavis.store.work import Store


class Failed(Exception):
    pass


def names(store):
    with store.reading() as work:
        return {tenant.name for tenant in work.tenants.page().items}


def test_a_unit_that_raises_leaves_nothing(store):
    def fail(work):
        fill(work, "a")
        raise Failed

    def ask_too_much(work):
        fill(work, "b")
        work.tenants.add("\ud800", NOW)

    for reason, act in ((Failed, fail), (NotStorable, ask_too_much)):
        with pytest.raises(reason):
            store.run(act)
    assert names(store) == set()


def test_a_unit_shows_nothing_to_others_before_it_ends(store):
    with store.work() as work:
        work.tenants.add("a", NOW)
        assert names(store) == set()
    assert names(store) == {"a"}


def test_reading_sees_one_state_and_waits_for_nobody(store):
    with store.work() as work:
        tenant = work.tenants.add("a", NOW).id
    with store.reading() as reader:
        before = reader.tenants.find(tenant)
        with store.work() as work:
            work.tenants.change(tenant, name="b")
            work.tenants.add("c", NOW)
            assert reader.tenants.find(tenant) == before
        assert reader.tenants.find(tenant) == before
        assert len(reader.tenants.page().items) == 1
    assert names(store) == {"b", "c"}


def test_reading_cannot_write_and_leaves_no_trace_of_that(store):
    with pytest.raises(StoreUnavailable, match="takes no changes"), store.reading() as work:
        work.tenants.add("a", NOW)
    with store.work() as work:
        work.tenants.add("b", NOW)
    assert names(store) == {"b"}


def test_a_repeat_cures_what_others_caused(store, kind):
    """Two units hold two tenants in opposite order: the database undoes one of them."""
    with store.work() as work:
        tenants = [work.tenants.add("x", NOW).id for _ in range(2)]
    met, calls = Barrier(2, timeout=30), []

    def rename(order):
        def act(work):
            work.tenants.hold(order[0])
            calls.append(order)
            if kind != "sqlite" and calls.count(order) == 1:
                met.wait()
            work.tenants.change(order[1], name="y")
            return order

        return store.run(act)

    orders = [tenants, tenants[::-1]]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(rename, orders)) == orders
    assert len(calls) == (2 if kind == "sqlite" else 3)
    assert names(store) == {"y"}


def test_repeats_end(store):
    calls = []

    def fail(work):
        calls.append(work.tenants.add("a", NOW))
        raise StoreBusy("again")

    with pytest.raises(StoreBusy):
        store.run(fail)
    assert len(calls) == 3
    assert names(store) == set()


def test_other_errors_are_not_repeated(store):
    calls = []

    def fail(work):
        calls.append(1)
        raise Failed

    with pytest.raises(Failed):
        store.run(fail)
    assert calls == [1]


def test_nobody_waits_for_long(url, engine, tmp_path):
    patient = Store(engine)
    hasty = Store(open_engine(StoreOptions(url=url, lock_timeout_s=0.1), tmp_path))
    with patient.work() as work:
        tenant = work.tenants.add("a", NOW).id
    with patient.work() as work:
        assert work.tenants.hold(tenant)
        with pytest.raises(StoreUnavailable, match="for too long") as caught, hasty.work() as other:
            other.tenants.hold(tenant)
        assert not isinstance(caught.value, StoreBusy)
    with hasty.work() as other:
        assert other.tenants.hold(tenant)
    hasty.close()


def test_too_many_units_at_once_are_told_so(url, engine, tmp_path):
    small = Store(open_engine(StoreOptions(url=url, pool_size=1, lock_timeout_s=0.1), tmp_path))
    with (
        small.reading(),
        small.reading(),
        pytest.raises(StoreUnavailable, match="VISAVIS_STORE__POOL_SIZE"),
    ):
        small.check()
    small.check()
    small.close()


def test_after_an_error_the_connection_is_as_new(store):
    with store.work() as work:
        filled = fill(work, "a")

    def fail(work):
        work.users.lock(filled.tenant, filled.user, LATER)
        raise Failed

    for _ in range(30):  # more than the pool holds
        with pytest.raises(Failed):
            store.run(fail)
        with pytest.raises(StoreUnavailable), store.reading() as work:
            work.users.lock(filled.tenant, filled.user, SOON)
    with store.work() as work:
        found = work.users.find(filled.tenant, filled.user)
        assert found
        assert found.locked_until is None
