"""Collections: made, named, counted, and removed with everybody in them."""

import pytest

from tests.usecases.gallery import People, galleries
from tests.usecases.people import EMBEDDER, actions, add_adult, vector
from tests.usecases.somebody import blobs_of
from visavis.core.errors import InvalidInput, NotAllowed, Unavailable
from visavis.core.purposes import Purpose
from visavis.core.roles import Role
from visavis.credentials.roles import Permission
from visavis.store.errors import AlreadyThere
from visavis.usecases import collections
from visavis.usecases.actor import Actor
from visavis.usecases.collections import LOGIN, Collections, Size
from visavis.usecases.enrolment import require_consent_of
from visavis.usecases.erasure import ERASURE, Erasure
from visavis.usecases.errors import NotFound
from visavis.usecases.key_rotation import KeyRotation, Level
from visavis.usecases.subjects import Subjects


@pytest.fixture
def people(ground, house):
    return People(ground, house)


@pytest.fixture
def here(ground):
    return galleries(ground)


@pytest.fixture
def shelf(ground, here):
    erasure = Erasure(ground, blobs_of(ground), [here])
    return Collections(ground, erasure, here.forget_collection)


@pytest.fixture
def wing(shelf, house):
    return shelf.create(house.operator, "wing").id


def receipts(ground, house):
    with ground.store.reading() as work:
        return work.receipts.page(house.tenant_id, kind=ERASURE).items


def program(house, *scopes):
    return Actor(house.tenant_id, house.owner.user_id, Role.OWNER, scopes=scopes, key_id="k" * 32)


def test_a_collection_is_made_found_and_listed(shelf, ground, house):
    made = [shelf.create(house.operator, name) for name in ("a.b_c:d@e-f", "Wing", "wing")]
    assert [shelf.find(house.viewer, each.name) for each in made] == made
    first = shelf.page(house.viewer, 2)
    rest = shelf.page(house.viewer, 2, first.next)
    listed = {each.id for each in (*first.items, *rest.items)}
    assert (listed, rest.next) == ({each.id for each in made}, None)
    assert actions(ground, house)[-3:] == ["collection.created"] * 3
    with pytest.raises(AlreadyThere):
        shelf.create(house.operator, "wing")


@pytest.mark.parametrize("name", ["", "two words", "a/b", "é", "x" * 256, LOGIN, ".", "..", "a\n"])
def test_a_name_that_cannot_be_used_is_refused(shelf, house, name):
    with pytest.raises(InvalidInput, match="name a collection"):
        shelf.create(house.operator, name)
    with pytest.raises(NotFound, match="collection"):
        shelf.find(house.operator, name)


def test_another_tenants_is_like_one_that_never_was(shelf, house, other, wing):
    with pytest.raises(NotFound):
        shelf.find(other.owner, "wing")
    assert shelf.page(other.owner).items == ()
    assert shelf.names(other.owner, [wing]) == {}
    with pytest.raises(NotFound):
        shelf.size(other.owner, wing)
    with pytest.raises(NotFound):
        shelf.remove(other.owner, "wing")
    with pytest.raises(NotFound):
        Subjects(shelf._ground).create(other.owner, collection=wing)
    assert shelf.create(other.owner, "wing").id != wing
    assert shelf.find(house.owner, "wing").id == wing


def test_who_may_what(shelf, house, wing):
    with pytest.raises(NotAllowed):
        shelf.create(house.viewer, "other")
    with pytest.raises(NotAllowed):
        shelf.remove(house.operator, "wing")
    for scope in (Permission.RECOGNISE, Permission.PEOPLE_READ, Permission.PEOPLE_WRITE):
        assert shelf.find(program(house, scope), "wing").id == wing
    for ask in (
        lambda who: shelf.find(who, "wing"),
        lambda who: shelf.names(who, [wing]),
        shelf.page,
        lambda who: shelf.size(who, wing),
    ):
        with pytest.raises(NotAllowed):
            ask(program(house, Permission.ANALYSE))


def test_people_are_in_one_for_good_and_found_there(ground, house, shelf, wing):
    subjects = Subjects(ground)
    inside = subjects.create(house.operator, name="Ada", collection=wing)
    outside = subjects.create(house.operator, name="Ida")
    assert subjects.find(house.viewer, inside.id).collection == wing
    pages = {
        where: [each.id for each in subjects.page(house.viewer, collection=where).items]
        for where in (wing, "")
    }
    assert pages == {wing: [inside.id], "": [outside.id]}
    assert len(subjects.page(house.viewer).items) == 2
    changed = subjects.change(house.operator, inside.id, notes="tall")
    assert changed.collection == wing
    assert shelf.names(house.viewer, [wing, "", "0" * 32]) == {wing: "wing"}
    for ask in (
        lambda: subjects.create(house.operator, collection="0" * 32),
        lambda: subjects.page(house.viewer, collection="0" * 32),
        lambda: subjects.find_by_reference(house.viewer, "7", collection="0" * 32),
    ):
        with pytest.raises(NotFound, match="collection"):
            ask()


def test_a_reference_is_taken_once_in_each_collection(ground, house, wing):
    subjects = Subjects(ground)
    made = {
        where: subjects.create(house.operator, reference="7", collection=where).id
        for where in ("", wing)
    }
    for where, subject in made.items():
        found = subjects.find_by_reference(house.viewer, "7", collection=where)
        assert found.id == subject
        with pytest.raises(AlreadyThere):
            subjects.create(house.operator, reference=" 7", collection=where)
    more = subjects.create(house.operator, reference="8", collection=wing)
    with pytest.raises(AlreadyThere):
        subjects.change(house.operator, more.id, reference="7")
    assert subjects.change(house.operator, made[wing], reference="9").reference == "9"
    assert subjects.change(house.operator, more.id, reference="7").reference == "7"
    assert subjects.find_by_reference(house.viewer, "7").id == made[""]


def test_references_are_found_after_their_key_was_rotated(ground, house, wing):
    subjects = Subjects(ground)
    made = {
        where: subjects.create(house.operator, reference="7", collection=where).id
        for where in ("", wing)
    }
    KeyRotation(ground, lambda _: 0).rotate(house.admin, Level.REFERENCES)
    for where, subject in made.items():
        assert subjects.find_by_reference(house.viewer, "7", collection=where).id == subject
        with pytest.raises(AlreadyThere):
            subjects.create(house.operator, reference="7", collection=where)


def test_sizes_are_of_one_collection(ground, house, people, here, shelf, wing):
    people.add(vector(1))
    people.add(vector(2), vector(3), collection=wing)
    people.add(vector(4), embedder="other@2", collection=wing)
    people.add(collection=wing)
    actor = house.operator
    assert shelf.size(actor, wing) == Size(subjects=3, templates=3)
    assert shelf.size(actor, "") == Size(subjects=1, templates=1)
    assert shelf.sizes(actor, [wing, "0" * 32]) == {wing: Size(3, 3), "0" * 32: Size(0, 0)}
    sizes = [here.size(actor, EMBEDDER, each) for each in ("", wing)]
    assert sizes == [1, 2]
    assert here.size(actor, "other@2", wing) == 1


def test_removing_erases_everybody_in_it_and_nobody_else(ground, house, people, here, shelf, wing):
    spared = people.add(vector(1))
    gone = [people.add(vector(seed), collection=wing) for seed in (2, 3, 4)]
    assert people.found(here, vector(3), collection=wing)[0] == gone[1]
    removed = shelf.remove(house.admin, "wing")
    assert (removed.collection.id, removed.erased, removed.left) == (wing, 3, 0)
    assert len(receipts(ground, house)) == 3
    for subject in gone:
        with pytest.raises(NotFound):
            require_consent_of(ground, house.operator, subject, Purpose.RECOGNITION)
        assert here.holds(house.tenant_id, subject) == 0
    assert {space.collection for space in here._index.spaces(house.tenant_id)} <= {""}
    assert people.found(here, vector(1)) == [spared]
    with ground.store.reading() as work:
        assert work.collections.closed(house.tenant_id) == ()
        assert work.collections.find(house.tenant_id, wing) is None
    with pytest.raises(NotFound):
        shelf.remove(house.admin, "wing")
    assert shelf.create(house.operator, "wing").id != wing


def test_many_are_erased_after_the_answer_and_nobody_joins_meanwhile(
    ground, house, people, here, shelf, wing, monkeypatch
):
    monkeypatch.setattr(collections, "AT_ONCE", 2)
    for seed in range(5):
        people.add(vector(seed), collection=wing)
    removed = shelf.remove(house.admin, "wing")
    assert (removed.erased, removed.left) == (2, 3)
    with pytest.raises(NotFound, match="collection"):
        add_adult(ground, house, collection=wing)
    with pytest.raises(NotFound, match="collection"):
        shelf.size(house.viewer, wing)
    ground.background.flush()
    assert len(receipts(ground, house)) == 5
    with ground.store.reading() as work:
        assert work.collections.find(house.tenant_id, wing) is None


def test_other_processes_let_go_of_it_when_they_save(ground, house, people, here, shelf, wing):
    there = galleries(ground)
    attic = shelf.create(house.operator, "attic").id
    spared = people.add(vector(9), collection=attic)
    subject = people.add(vector(1), collection=wing)
    assert people.found(there, vector(1), collection=wing) == [subject]
    assert people.found(there, vector(9), collection=attic) == [spared]
    shelf.remove(house.admin, "wing")
    assert wing in {space.collection for space in there._index.spaces(house.tenant_id)}
    there.save()
    assert [space.collection for space in there._index.spaces(house.tenant_id)] == [attic]


def test_a_collection_that_is_called_like_the_id_of_another_is_in_nobody_s_way(
    house, people, shelf, wing, monkeypatch
):
    monkeypatch.setattr(collections, "AT_ONCE", 0)
    people.add(vector(1), collection=wing)
    shelf.create(house.operator, wing)
    assert shelf.remove(house.admin, "wing").left == 1
    assert shelf.find(house.viewer, wing).id != wing


def test_a_removal_that_was_cut_short_is_taken_up(ground, house, people, here, shelf, wing):
    gone = [people.add(vector(seed), collection=wing) for seed in range(3)]
    fails = [Unavailable("no answer")]

    class Index:
        name = "elsewhere"

        def forget(self, tenant_id, subject_id):
            if fails:
                raise fails.pop()

        def holds(self, tenant_id, subject_id):
            return 0

    erasure = Erasure(ground, blobs_of(ground), [here, Index()])
    weak = Collections(ground, erasure, here.forget_collection)
    with pytest.raises(Unavailable):
        weak.remove(house.admin, "wing")
    assert people.find(here, vector(0)) == ()
    assert weak.sweep() == 2, "one was erased before, but for what did not answer"
    assert erasure.resume(house.tenant_id) == 1
    assert len(receipts(ground, house)) == len(gone)
    with ground.store.reading() as work:
        assert work.collections.closed(house.tenant_id) == ()
    assert weak.sweep() == 0
