"""Collections as rows: who is in which, what the feed says, and the step that brings them."""

import pytest

from tests.store.filling import MINUTE, NOW, fill
from visavis.core.errors import InvalidInput
from visavis.store.collections import LOGIN
from visavis.store.errors import AlreadyThere
from visavis.store.migrate import downgrade, upgrade
from visavis.store.sealed import TEMPLATE, NewSealed

MADE = {"embedder": "e@1"}


@pytest.fixture
def filled(store):
    """Give a tenant that has one subject with one template, in no collection."""
    with store.work() as work:
        fill(work, "other")
        return fill(work, "a")


def people(work, tenant, *collections):
    """Make a subject in each of some collections, each with a template; return both ids."""
    made = []
    for place in collections:
        subject = work.subjects.add(tenant, NOW, collection_id=place).id
        value = work.sealed.add(tenant, subject, TEMPLATE, 1, b"x", NOW, MADE)
        made.append((subject, value.id))
    return made


def test_a_collection_is_made_found_listed_and_closed(store, filled):
    tenant = filled.tenant
    with store.work() as work:
        made = work.collections.add(tenant, "visitors", NOW + MINUTE)
        assert work.collections.find(tenant, made.id) == made
        assert work.collections.find_by_name(tenant, "visitors") == made
        assert work.collections.find_by_name(tenant, "Visitors") is None
        first = work.collections.page(tenant, 1)
        assert first.items == (made,)
        assert work.collections.page(tenant, 5, first.next).items[0].id == filled.collection
        with pytest.raises(InvalidInput):
            work.collections.page(tenant, 0)
        assert work.collections.close(tenant, made.id, NOW + 2 * MINUTE)
        assert not work.collections.close(tenant, made.id, NOW + 2 * MINUTE)
        assert work.collections.find_by_name(tenant, "visitors") is None
        assert [one.id for one in work.collections.page(tenant).items] == [filled.collection]
        assert [one.id for one in work.collections.closed(tenant)] == [made.id]
        again = work.collections.add(tenant, "visitors", NOW)
        assert again.id != made.id
        assert work.collections.remove(tenant, made.id)
        assert work.collections.closed(tenant) == ()


def test_a_name_is_taken_once_by_each_tenant(store, filled):
    with store.work() as work:
        other = work.tenants.add("third", NOW).id
        for tenant in (filled.tenant, other):
            work.collections.add(tenant, "visitors", NOW)
    with pytest.raises(AlreadyThere), store.work() as work:
        work.collections.add(filled.tenant, "visitors", NOW)


def test_the_feed_says_where_each_is(store, filled):
    tenant, wing = filled.tenant, filled.collection
    with store.work() as work:
        made = people(work, tenant, wing, "", LOGIN)
        values = [NewSealed(subject, 1, b"y", MADE) for subject, _ in made]
        work.sealed.add_all(tenant, TEMPLATE, values, NOW)
        work.sealed.remove(tenant, made[0][1])
        work.sealed.remove_of_subjects(tenant, [subject for subject, _ in made[1:]], TEMPLATE)
    places = {subject: where for (subject, _), where in zip(made, (wing, "", LOGIN), strict=True)}
    with store.reading() as work:
        changes = work.template_changes.changes_after(tenant, 1, 100)
        assert len(changes) == 3 + 3 + 1 + 4
        assert all(one.collection_id == places[one.subject_id] for one in changes)
        of_wing = work.template_changes.changes_after(tenant, 0, 100, "e@1", wing)
        assert of_wing == tuple(one for one in changes if one.collection_id == wing)
        assert len(of_wing) == 3


def test_templates_and_people_are_listed_by_collection(store, filled):
    tenant, wing = filled.tenant, filled.collection
    with store.work() as work:
        made = people(work, tenant, wing, wing, LOGIN)
    with store.reading() as work:
        listed = {
            where: {one.template_id for one in work.galleries.listed(tenant, "", 100, where)}
            for where in (wing, "", LOGIN, None)
        }
        ids = [template for _, template in made]
        assert listed[wing] == set(ids[:2])
        assert listed[""] == {filled.sealed}
        assert listed[LOGIN] == {ids[2]}
        assert listed[None] == {filled.sealed, *ids}
        named = work.galleries.named(tenant, [*ids, filled.sealed, "0" * 32])
        assert {one.template_id: one.collection_id for one in named} == {
            **dict(zip(ids, (wing, wing, LOGIN), strict=True)),
            filled.sealed: "",
        }
        theirs = work.galleries.of_subjects(tenant, [made[0][0], made[2][0], "0" * 32])
        assert {one.template_id for one in theirs} == {ids[0], ids[2]}
        pages = {
            where: {one.id for one in work.subjects.page(tenant, collection_id=where).items}
            for where in (wing, "", LOGIN, None)
        }
        assert pages[wing] == {subject for subject, _ in made[:2]}
        assert pages[""] == {filled.subject}
        assert len(pages[None]) == 4


def test_sizes_count_who_is_there(store, filled):
    tenant, wing = filled.tenant, filled.collection
    with store.work() as work:
        (first, _), (second, _) = people(work, tenant, wing, wing)
        work.subjects.add(tenant, NOW, collection_id=wing)  # without a template
        work.sealed.add(tenant, first, TEMPLATE, 1, b"x", NOW, MADE)
        work.sealed.add(tenant, first, "age", 1, b"x", NOW)
        assert work.collections.sizes(tenant, [wing, "", "0" * 32]) == {wing: (3, 3), "": (1, 1)}
        work.sealed.remove_of_subject(tenant, second)
        work.subjects.mark_erased(tenant, second, NOW)
        assert work.collections.sizes(tenant, [wing]) == {wing: (2, 2)}


def test_a_database_of_the_release_before_has_everybody_in_no_collection(store, engine, filled):
    with store.work() as work:
        before = work.template_changes.head(filled.tenant)
    downgrade(engine, "0003")
    upgrade(engine)
    with store.reading() as work:
        assert work.subjects.find(filled.tenant, filled.subject).collection_id == ""
        (change,) = work.template_changes.changes_after(filled.tenant, 0, 10)
        assert change.collection_id == ""
        assert work.template_changes.head(filled.tenant) == before
        assert work.collections.page(filled.tenant).items == ()


def test_going_back_has_indexes_of_collections_begin_anew(store, engine, filled):
    with store.work() as work:
        people(work, filled.tenant, filled.collection)
        head = work.template_changes.head(filled.tenant)
    downgrade(engine, "0003")
    upgrade(engine)
    with store.reading() as work:
        after = work.template_changes.head(filled.tenant)
        assert (after.seq, after.floor) == (head.seq + 1, head.seq + 1)
        assert len(work.galleries.listed(filled.tenant, "", 100, "")) == 2
