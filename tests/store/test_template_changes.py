"""The feed of templates: every way in which one comes or goes is in it, numbered without a gap."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from tests.store.filling import LATER, NOW, SOON, fill
from visavis.store.audit import NewEntry
from visavis.store.errors import NotThere
from visavis.store.migrate import downgrade, upgrade
from visavis.store.sealed import TEMPLATE, NewSealed
from visavis.store.tables.template_changes import template_changes, template_heads
from visavis.store.template_changes import TemplateHead, TemplateNotes

MADE = {"embedder": "dlib_resnet@1"}


@pytest.fixture
def filled(store):
    """Give a tenant that has one template already, of nobody knows what."""
    with store.work() as work:
        fill(work, "other")
        return fill(work, "a")


def told(store, tenant, after=1):
    """Return what the feed says after its first change."""
    with store.reading() as work:
        changes = work.template_changes.changes_after(tenant, after, 1000)
    return [(change.seq, change.template_id, change.added) for change in changes]


def test_what_is_added_is_told_with_whose_it_is_and_what_made_it(store, filled):
    ids = filled.tenant, filled.subject
    with store.work() as work:
        one = work.sealed.add(*ids, TEMPLATE, 1, b"x", NOW, MADE)
        (change,) = work.template_changes.changes_after(filled.tenant, 1, 10)
        assert (change.seq, change.template_id, change.subject_id) == (2, one.id, filled.subject)
        assert (change.embedder, change.added) == ("dlib_resnet@1", True)
        assert work.template_changes.head(filled.tenant) == TemplateHead(filled.tenant, 2, 0)


def test_every_way_to_remove_is_told(store, filled):
    tenant, ids = filled.tenant, (filled.tenant, filled.subject)
    with store.work() as work:
        values = [NewSealed(filled.subject, 1, b"x", MADE)] * 3
        made = [one.id for one in work.sealed.add_all(tenant, TEMPLATE, values, LATER)]
        assert work.sealed.remove(tenant, made[0])
        assert work.sealed.remove_before(tenant, TEMPLATE, SOON) == 1
        assert work.sealed.remove_of_subject(*ids, TEMPLATE) == 2
        some = work.sealed.add(*ids, TEMPLATE, 1, b"x", NOW, MADE).id
        assert work.sealed.remove_of_subjects(tenant, [filled.subject], TEMPLATE) == 1
        last = work.sealed.add(*ids, TEMPLATE, 1, b"x", NOW, MADE).id
        assert work.subjects.remove(*ids)
    seen = told(store, tenant)
    assert [seq for seq, _, _ in seen] == list(range(2, 12 + 1))
    assert [(one, added) for _, one, added in seen] == [
        *((one, True) for one in made),
        (made[0], False),
        (filled.sealed, False),
        *((one, False) for one in sorted(made[1:])),
        (some, True),
        (some, False),
        (last, True),
        (last, False),
    ]


def test_other_values_are_not_told(store, filled):
    ids = filled.tenant, filled.subject
    with store.work() as work:
        value = work.sealed.add(*ids, "age", 1, b"x", NOW)
        work.sealed.remove(filled.tenant, value.id)
        work.sealed.remove(filled.tenant, "0" * 32)
        work.sealed.add_all(filled.tenant, TEMPLATE, [], NOW)
        (one,) = work.sealed.of_subject(*ids)
        work.sealed.reseal(filled.tenant, one, 2, b"y")  # the same template, under another key
    assert told(store, filled.tenant) == []


def test_what_is_undone_was_never_told(store, filled):
    values = [NewSealed(who, 1, b"x") for who in (filled.subject, "0" * 32)]
    with pytest.raises(NotThere), store.work() as work:
        work.sealed.add_all(filled.tenant, TEMPLATE, values, NOW)
    with store.work() as work:
        kept = work.sealed.add(filled.tenant, filled.subject, TEMPLATE, 1, b"x", NOW)
    assert told(store, filled.tenant) == [(2, kept.id, True)]


def test_changes_come_in_parts_and_by_embedder(store, filled):
    ids = filled.tenant, filled.subject
    with store.work() as work:
        for turn in range(6):
            made = {"embedder": f"e{turn % 2}"}
            work.sealed.add(*ids, TEMPLATE, 1, b"x", NOW, made)
        feed = work.template_changes
        assert [one.seq for one in feed.changes_after(filled.tenant, 0, 3)] == [1, 2, 3]
        assert [one.seq for one in feed.changes_after(filled.tenant, 3, 9, "e1")] == [5, 7]
        assert [one.seq for one in feed.of_subject(*ids)] == [1, 2, 3, 4, 5, 6, 7]
        assert feed.of_subject(filled.tenant, "0" * 32) == ()


def test_what_is_forgotten_leaves_a_floor(store, filled):
    ids = filled.tenant, filled.subject
    with store.work() as work:
        for _ in range(5):
            work.sealed.add(*ids, TEMPLATE, 1, b"x", NOW)
        feed = work.template_changes
        assert feed.forget_before(filled.tenant, 4) == 3
        assert feed.forget_before(filled.tenant, 2) == 0  # never back
        assert feed.head(filled.tenant) == TemplateHead(filled.tenant, 6, 3)
        assert [one.seq for one in feed.changes_after(filled.tenant, 0, 9)] == [4, 5, 6]
        assert feed.forget_before(filled.tenant, 1000) == 3
        assert feed.head(filled.tenant) == TemplateHead(filled.tenant, 6, 6)
        work.sealed.add(*ids, TEMPLATE, 1, b"x", NOW)
        assert [one.seq for one in feed.changes_after(filled.tenant, 0, 9)] == [7]


def test_no_tenant_no_feed(store, filled):
    with store.reading() as work:
        assert work.template_changes.head("0" * 32) is None
        assert work.galleries.state("0" * 32, "codes") is None
    with pytest.raises(NotThere), store.work() as work:
        work.template_changes.forget_before("0" * 32, 1)
    with pytest.raises(NotThere), store.work() as work:
        TemplateNotes(work.sealed._connection).note("0" * 32, [], added=True)


def test_a_purged_tenant_takes_its_feed_along(store, engine, filled):
    with store.work() as work:
        work.tenants.purge(filled.tenant)
    with engine.connect() as connection:
        for table in (template_changes, template_heads):
            tenants = set(connection.scalars(select(table.c.tenant_id)))
            assert tenants
            assert filled.tenant not in tenants


def test_units_at_once_leave_no_gap(store, filled):
    """As use cases do it: subject, then template and so the feed, then the audit log."""
    tenant = filled.tenant

    def write(seed):
        chance, mine = random.Random(seed), list[str]()

        def act(work):
            work.subjects.hold(tenant, filled.subject)
            if mine and chance.random() < 0.4:
                work.sealed.remove(tenant, mine.pop())
            else:
                mine.append(work.sealed.add(tenant, filled.subject, TEMPLATE, 1, b"x", NOW).id)
            work.audit.append(tenant, lambda seq, before: (NewEntry(NOW, "x", "did"), b"mac"))

        for _ in range(15):
            store.run(act)

    with ThreadPoolExecutor(4) as pool:
        for act in [pool.submit(write, seed) for seed in range(4)]:
            act.result()
    seen = told(store, tenant, after=0)
    assert [seq for seq, _, _ in seen] == list(range(1, 61 + 1))
    there = {one for _, one, added in seen if added} - {one for _, one, added in seen if not added}
    with store.reading() as work:
        listed = work.galleries.listed(tenant, "", 1000)
        assert {one.template_id for one in listed} == there
        assert work.template_changes.head(tenant).seq == 61


def test_a_database_of_the_release_before_gets_a_feed_of_what_is_sealed(store, engine, filled):
    with store.work() as work:
        empty = work.tenants.add("empty", NOW).id
        work.sealed.add(filled.tenant, filled.subject, TEMPLATE, 1, b"x", NOW, MADE)
        work.sealed.add(filled.tenant, filled.subject, "age", 1, b"x", NOW)
        sealed = {
            value.id: value.meta.get("embedder", "")
            for value in work.sealed.page(filled.tenant, TEMPLATE).items
        }
    downgrade(engine, "0002")
    upgrade(engine)
    with store.reading() as work:
        changes = work.template_changes.changes_after(filled.tenant, 0, 10)
        assert [change.seq for change in changes] == [1, 2]
        assert {change.template_id: change.embedder for change in changes} == sealed
        assert {(change.subject_id, change.added) for change in changes} == {(filled.subject, True)}
        assert work.template_changes.head(filled.tenant) == TemplateHead(filled.tenant, 2, 0)
        assert work.template_changes.head(empty) == TemplateHead(empty, 0, 0)


def test_the_step_takes_more_templates_than_it_reads_at_once(store, engine, filled):
    with store.work() as work:
        values = [NewSealed(filled.subject, 1, b"x", MADE)] * 2500
        work.sealed.add_all(filled.tenant, TEMPLATE, values, NOW)
    downgrade(engine, "0002")
    upgrade(engine)
    with store.reading() as work:
        changes = work.template_changes.changes_after(filled.tenant, 0, 10_000)
        assert [change.seq for change in changes] == list(range(1, 2501 + 1))
        assert len({change.template_id for change in changes}) == 2501
