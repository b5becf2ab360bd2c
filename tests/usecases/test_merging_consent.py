"""Templates that move take with them what was agreed to, and nothing more."""

import pytest

from tests.usecases.gallery import People
from tests.usecases.people import actions, add_adult, agree, vector
from tests.usecases.somebody import blobs_of
from visavis.store.kinds import ConsentMethod
from visavis.usecases.consent import Consents
from visavis.usecases.consent_records import GivenBy
from visavis.usecases.erasure import Erasure
from visavis.usecases.errors import ConsentMissing, NotFound
from visavis.usecases.merging import Merging
from visavis.usecases.privacy import Privacy
from visavis.usecases.subjects import Subjects


@pytest.fixture
def people(ground, house):
    return People(ground, house)


@pytest.fixture
def merging(ground):
    return Merging(ground, Erasure(ground, blobs_of(ground)))


def ids_of(people, subject):
    return [one.id for one in people.templates.page(people.house.viewer, subject)]


def take_back(ground, house, subject):
    consents = Consents(ground)
    for each in consents.page(house.operator, subject_id=subject).items:
        consents.withdraw(house.operator, each.id)


def test_who_took_their_consent_back_is_moved_nowhere(people, merging, ground, house):
    ann, bob, cid = people.add(vector(1), vector(2)), people.add(vector(3)), people.add(vector(4))
    take_back(ground, house, ann)
    mine, his = ids_of(people, ann), ids_of(people, bob)
    for refused in (
        lambda: merging.move(house.operator, mine[:1], bob),
        lambda: merging.move(house.operator, [*mine, *his], cid),
        lambda: merging.merge(house.admin, ann, bob),
        lambda: merging.split(house.operator, ann, mine[:1]),
        lambda: merging.free(house.operator, mine[0], ann),
    ):
        with pytest.raises(ConsentMissing, match="valid consent"):
            refused()
    assert (ids_of(people, ann), ids_of(people, bob)) == (mine, his)
    assert len(Subjects(ground).page(house.viewer).items) == 3


def test_whom_a_face_is_taken_from_agreed_for_it(people, merging, ground, house):
    Privacy(ground).change(house.admin, adults_only=False)
    child = Subjects(ground).create(house.operator, name="Kim", adult=False).id
    said = {"method": ConsentMethod.GUARDIAN, "given_by": GivenBy.GUARDIAN, "evidence": "letter"}
    agree(ground, house, child, people.notice, **said)
    made = people.seal(child, vector(1))
    new = merging.free(house.operator, made, child)
    assert (new.name, new.reference, new.adult) == (None, None, False)
    assert (ids_of(people, new.id), ids_of(people, child)) == ([made], [])
    (copy,) = Consents(ground).page(house.operator, subject_id=new.id).items
    assert (copy.method, copy.given_by) == (ConsentMethod.GUARDIAN, GivenBy.GUARDIAN)
    assert Consents(ground).record(house.operator, copy.id)["evidence"] == "letter"
    assert {"subject.created", "consent.given", "templates.moved"} <= set(actions(ground, house))
    assert ground.audit.verify(ground.store, house.tenant_id) == []


def test_only_a_template_that_is_there_is_taken_from_anybody(people, merging, house, other):
    ann, bob = people.add(vector(1)), people.add(vector(2))
    (made,) = ids_of(people, ann)
    for actor, *told in (
        (house.operator, "0" * 32, ann),
        (house.operator, made, bob),
        (other.operator, made, ann),
    ):
        with pytest.raises(NotFound):
            merging.free(actor, *told)


def test_an_adult_without_a_statement_stays_so(people, merging, ground, house):
    ann = add_adult(ground, house).id
    agree(ground, house, ann, people.notice)
    new = merging.free(house.operator, people.seal(ann, vector(1)), ann)
    assert new.adult is True
