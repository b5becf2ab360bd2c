"""Rows about blobs: sizes, uses, and which ones nothing needs."""

from threading import Thread

import pytest

from tests.store.filling import LATER, MINUTE, NOW, SOON, fill
from visavis.store.errors import NotThere

A, B = "aa" * 32, "bb" * 32


@pytest.fixture
def tenant(store):
    with store.work() as work:
        return work.tenants.add("a", NOW).id


def test_a_blob_is_noted_once(store, tenant):
    with store.work() as work:
        assert work.blob_rows.used_bytes(tenant) == 0
        made = work.blob_rows.add(tenant, A, 2**40, "image/png", NOW)
        again = work.blob_rows.add(tenant, A, 2**40, "image/png", SOON)
        work.blob_rows.add(tenant, B, 1, "image/jpeg", NOW)
        assert (again.sha256, again.size, again.created_at) == (made.sha256, 2**40, SOON)
        assert work.blob_rows.find(tenant, A) == again
        assert work.blob_rows.used_bytes(tenant) == 2**40 + 1


def test_uses(store, tenant):
    with store.work() as work:
        subject = work.subjects.add(tenant, NOW).id
        for sha256 in (A, B):
            work.blob_rows.add(tenant, sha256, 1, "image/png", NOW)
        use = work.blob_rows.add_use(tenant, A, "photo", "1", NOW, subject)
        work.blob_rows.add_use(tenant, A, "photo", "1", SOON, subject)
        work.blob_rows.add_use(tenant, A, "crop", "1", SOON)
        work.blob_rows.add_use(tenant, B, "photo", "1", SOON)
        assert work.blob_rows.uses(tenant, A)[0] == use
        assert len(work.blob_rows.uses(tenant, A)) == 2
        assert [u.sha256 for u in work.blob_rows.uses_of_owner(tenant, "photo", "1")] == [A, B]
        assert work.blob_rows.uses_of_subject(tenant, subject) == (use,)
        assert work.blob_rows.drop_uses_of_subject(tenant, subject) == 1
        assert work.blob_rows.drop_use(tenant, A, "crop", "1")
        assert not work.blob_rows.drop_use(tenant, A, "crop", "1")
        assert work.blob_rows.drop_uses_of_owner(tenant, "photo", "1") == 1
    with pytest.raises(NotThere), store.work() as work:
        work.blob_rows.add_use(tenant, "cc" * 32, "photo", "1", NOW)


def test_names_of_all_tenants_come_sorted_and_in_parts(store, tenant):
    with store.work() as work:
        other = work.tenants.add("b", NOW).id
        for theirs, sha256 in ((tenant, B), (other, A), (tenant, A), (other, B)):
            work.blob_rows.add(theirs, sha256, 1, "image/png", NOW)
    every = sorted((theirs, sha256) for theirs in (tenant, other) for sha256 in (A, B))
    with store.reading() as work:
        assert work.blob_rows.names() == tuple(every)
        assert work.blob_rows.names(limit=3) == tuple(every[:3])
        assert work.blob_rows.names(every[2]) == tuple(every[3:])
        assert work.blob_rows.names(every[3]) == ()


def test_only_what_nothing_needs_is_swept(store, tenant):
    with store.work() as work:
        filled = fill(work, "other")
        for sha256 in (A, B):
            work.blob_rows.add(tenant, sha256, 1, "image/png", NOW)
        work.blob_rows.add_use(tenant, A, "photo", "1", NOW)
        assert [row.sha256 for row in work.blob_rows.unused(tenant, SOON)] == [B]
        assert work.blob_rows.unused(tenant, NOW) == ()
        assert work.blob_rows.unused(filled.tenant, LATER) == ()
        assert not work.blob_rows.remove_unused(tenant, A, SOON)
        assert not work.blob_rows.remove_unused(tenant, B, NOW)
        work.blob_rows.add(tenant, B, 1, "image/png", SOON)
        assert not work.blob_rows.remove_unused(tenant, B, SOON)
        assert work.blob_rows.remove_unused(tenant, B, SOON + MINUTE)
        assert work.blob_rows.find(tenant, B) is None
        assert work.blob_rows.find(tenant, A)


def test_a_use_that_is_noted_meanwhile_keeps_the_blob(store, tenant):
    """The sweep meets somebody who has noted a use and has not committed it yet."""
    with store.work() as work:
        work.blob_rows.add(tenant, A, 1, "image/png", NOW)
    removed: list[bool] = []

    def sweep():
        removed.append(store.run(lambda work: work.blob_rows.remove_unused(tenant, A, SOON)))

    with store.work() as work:
        work.blob_rows.add_use(tenant, A, "photo", "1", NOW)
        sweeper = Thread(target=sweep)
        sweeper.start()
        sweeper.join(0.3)  # it waits here, or it has not come so far; both must end well
    sweeper.join()
    assert removed == [False]
    with store.reading() as work:
        assert work.blob_rows.find(tenant, A)
