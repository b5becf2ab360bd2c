"""Loose faces: each of somebody who is called nothing, until somebody says whose it is."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.usecases.enrolled import Office, open_office, portrait
from tests.usecases.gallery import People
from tests.usecases.people import vector
from tests.usecases.somebody import blobs_of
from tests.usecases.test_merging import copied
from visavis.core.errors import NotAllowed
from visavis.core.types import Source
from visavis.usecases.erasure import Erasure
from visavis.usecases.errors import NotFound
from visavis.usecases.faces import Face, look
from visavis.usecases.introductions import Introductions
from visavis.usecases.loose_faces import LooseFaces
from visavis.usecases.merging import Merging
from visavis.usecases.newcomers import Newcomers
from visavis.usecases.privacy import Privacy
from visavis.usecases.seen import Seen
from visavis.usecases.subjects import Subjects
from visavis.usecases.templates import Templates

PLACES = st.integers(0, 1000)


@pytest.fixture
def office(ground, house, services):
    yield from open_office(ground, house, services)


@pytest.fixture
def loose(office, ground, house):
    Privacy(ground).change(house.admin, agreed_notice=office.notice.id)
    erasure, newcomers = Erasure(ground, blobs_of(ground), [office.galleries]), Newcomers(ground)
    introductions = Introductions(ground, Subjects(ground), newcomers, office.enrolment, erasure)
    told = Templates(ground), Merging(ground, erasure), erasure
    return LooseFaces(ground, introductions, *told)


def made_up(seed: int) -> Face:
    """Return a face that no picture shows."""
    return Face(0, (0.0, 0.0, 99.0, 99.0), 0.9, 80.0, (), vector(seed))


def test_a_face_is_compared_with_the_nearest_of_somebody(
    loose, office, house, services, shared_data
):
    known = office.enrolled(portrait(shared_data, 0, smiling=True), portrait(shared_data, 2))
    face, other = (look(services.analyses, portrait(shared_data, each))[0] for each in (0, 1))
    picture = portrait(shared_data, 0)
    ada, bob = loose.add(house.operator, [(face, Seen()), (other, Seen())], "", picture)
    kept = Templates(office.ground).some(house.viewer, (ada, bob))
    alike = {
        each: loose.likeness(house.operator, each, kept[each].subject_id, known.id)
        for each in (ada, bob)
    }
    assert alike[ada] > 0.9 > alike[bob]
    empty = office.add()
    assert loose.likeness(house.operator, ada, kept[ada].subject_id, empty.id) is None
    with pytest.raises(NotFound):
        loose.likeness(house.operator, ada, known.id, empty.id)


def test_whoever_may_not_change_people_changes_none(loose, house, shared_data):
    picture = portrait(shared_data, 0)
    (face,) = loose.add(house.operator, [(made_up(1), Seen())], "", picture)
    with pytest.raises(NotAllowed):
        loose.add(house.viewer, [(made_up(2), Seen())], "", picture)
    with pytest.raises(NotAllowed):
        loose.remove(house.viewer, face, "a" * 32)
    with pytest.raises(NotFound):
        loose.remove(house.operator, face, "a" * 32)


def test_a_copy_for_another_embedder_goes_with_the_face(loose, office, house, shared_data):
    one, two = loose.add(
        house.operator, [(made_up(1), Seen()), (made_up(2), Seen())], "", portrait(shared_data, 0)
    )
    kept = Templates(office.ground)
    owners = {each: kept.some(house.viewer, (each,))[each].subject_id for each in (one, two)}
    people = People(office.ground, house)
    copy = copied(people, owners[one], one)
    loose.remove(house.operator, copy, owners[one])
    with pytest.raises(NotFound):
        Subjects(office.ground).find(house.viewer, owners[one])

    user = office.add(reference="ada")
    copied(people, owners[two], two)
    loose.give(house.operator, [two], user.id)
    loose.leave(house.operator, user.id)
    assert kept.page(house.viewer, user.id) == ()
    (other,) = [
        each for each in Subjects(office.ground).page(house.viewer).items if each.id != user.id
    ]
    assert len(kept.page(house.viewer, other.id)) == 2


class Giving(RuleBasedStateMachine):
    """Faces of one tenant, and whose the test thinks they are; None = nobody's."""

    office: Office
    loose: LooseFaces
    picture: Source
    owners: dict[str, str | None]
    made: set[str]
    named: list[str]

    @property
    def operator(self):
        return self.office.house.operator

    @rule(seeds=st.lists(st.integers(0, 30), min_size=1, max_size=2))
    def add(self, seeds):
        faces = [(made_up(seed), Seen(label=str(seed))) for seed in seeds]
        made = self.loose.add(self.operator, faces, "", self.picture)
        self.owners |= dict.fromkeys(made)
        self.made.update(made)

    @rule(place=PLACES, to=st.integers(0, 1))
    def give(self, place, to):
        if face := pick(self.owners, place):
            self.loose.give(self.operator, [face], self.named[to])
            self.owners[face] = self.named[to]

    @rule(place=PLACES)
    def free(self, place):
        given = {face: owner for face, owner in self.owners.items() if owner}
        if face := pick(given, place):
            self.loose.free(self.operator, [face], given[face])
            self.owners[face] = None

    @rule(place=PLACES)
    def remove(self, place):
        if face := pick(self.owners, place):
            owner = Templates(self.office.ground).some(self.operator, [face])[face].subject_id
            self.loose.remove(self.operator, face, owner)
            del self.owners[face]

    @invariant()
    def every_face_is_whose_it_is_said_to_be(self):
        kept = Templates(self.office.ground).kept(self.operator, limit=200).items
        whose = {each.id: each.subject_id for each in kept}
        assert whose.keys() == self.owners.keys()
        assert {f: o for f, o in whose.items() if o in self.named} == {
            face: owner for face, owner in self.owners.items() if owner
        }
        alone = [owner for owner in whose.values() if owner not in self.named]
        assert len(alone) == len(set(alone))
        people = Subjects(self.office.ground).page(self.operator, 200).items
        assert {each.id for each in people} == {*alone, *self.named}


def pick(items, place):
    return sorted(items)[place % len(items)] if items else None


@pytest.mark.slow
def test_no_face_is_lost_and_nobody_is_left_without_face_and_name(office, loose, shared_data):
    Giving.office, Giving.loose, Giving.owners, Giving.made = office, loose, {}, set()
    Giving.picture = portrait(shared_data, 0)
    Giving.named = [office.add(reference=name).id for name in ("ada", "bob")]
    run_state_machine_as_test(
        Giving,
        settings=settings(
            max_examples=5,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert Giving.made
