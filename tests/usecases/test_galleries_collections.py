"""One index, several collections: each follows the rows of its own people and finds no others."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.usecases.gallery import People, galleries, near
from tests.usecases.people import EMBEDDER, vector
from tests.usecases.somebody import blobs_of
from visavis.core.purposes import Purpose
from visavis.index.base import Space
from visavis.index.exact import ExactIndex
from visavis.index.snapshots import Snapshots
from visavis.usecases import gallery_filling
from visavis.usecases.collections import Collections
from visavis.usecases.erasure import Erasure
from visavis.usecases.galleries import Galleries
from visavis.usecases.gallery_check import Checked
from visavis.usecases.index_sealing import IndexSealing
from visavis.usecases.key_rotation import KeyRotation, Level


@pytest.fixture
def people(ground, house):
    return People(ground, house)


@pytest.fixture
def here(ground):
    return galleries(ground)


@pytest.fixture
def wings(ground, house):
    """Give the ids of three collections."""
    shelf = Collections(ground, Erasure(ground, blobs_of(ground)), lambda *_: None)
    return [shelf.create(house.operator, name).id for name in ("east", "west", "north")]


@pytest.fixture
def places(wings):
    """Give all that can be searched."""
    return ["", *wings]


@pytest.fixture
def same(people, places):
    """Give somebody in each place; they have the same face."""
    return {place: people.add(vector(1), collection=place) for place in places}


def spaces(people, places):
    return [Space(people.house.tenant_id, EMBEDDER, 1, place) for place in places]


def test_the_same_face_in_four_places_is_found_where_it_is_looked_for(here, people, same):
    for place, subject in same.items():
        assert people.found(here, vector(1), collection=place) == [subject]
        assert here.size(people.house.operator, EMBEDDER, place) == 1
    assert people.found(here, vector(1), collection="0" * 32) == []


def test_each_follows_what_comes_and_goes_in_it_alone(here, people, same, wings, monkeypatch):
    monkeypatch.setattr(gallery_filling, "AT_ONCE", 2)
    for place in same:
        people.found(here, vector(1), collection=place)
    east, west, _ = wings
    added = [people.add(vector(seed), collection=east) for seed in range(10, 15)]
    seen = {place: set(people.found(here, vector(12), 20, collection=place)) for place in same}
    assert seen[east] == {same[east], *added}
    assert all(seen[place] == {same[place]} for place in same if place != east)
    template = people.find(here, vector(12), 1, collection=east)[0].template_id
    people.templates.remove(people.house.operator, template)
    assert added[2] not in people.found(here, vector(12), 20, collection=east)
    assert people.found(here, vector(12), 20, collection=west) == [same[west]]


def test_an_erased_person_leaves_their_own_and_no_other(ground, here, people, same, places):
    other = galleries(ground)
    for place in places:
        people.found(here, vector(1), collection=place)
        people.found(other, vector(1), collection=place)
    east = places[1]
    Erasure(ground, blobs_of(ground), [here]).erase(people.house.admin, same[east])
    tenant = people.house.tenant_id
    assert here.holds(tenant, same[east]) == 0
    sizes = [here._index.count(space) for space in spaces(people, places)]
    assert sizes == [1, 0, 1, 1]
    for place in places:
        found = people.found(other, vector(1), collection=place)
        assert found == ([] if place == east else [same[place]])
    assert other.holds(tenant, same[east]) == 0


def test_all_of_them_are_verified_repaired_built_and_renewed(ground, here, people, same, places):
    tenant, clean = people.house.tenant_id, (1, 0, 0, 0, 0)
    for place in places:
        people.found(here, vector(1), collection=place)
    told = tuple(Checked(EMBEDDER, *clean, collection=place) for place in sorted(places))
    assert here.verify(tenant) == told
    main, east, west, _ = spaces(people, places)
    (stranger,) = here._index.ids(main)
    code = np.zeros((1, 64), np.uint8)
    here._index.add(east, [stranger], code)  # of somebody who is there, but not in it
    here._index.remove(west, sorted(here._index.ids(west)))
    found = {each.collection: each for each in here.verify(tenant)}
    assert found[east.collection] == Checked(EMBEDDER, 1, 1, 0, 0, 0, east.collection)
    assert found[west.collection] == Checked(EMBEDDER, 1, 0, 1, 0, 0, west.collection)
    assert found[""].is_clean
    assert here.verify(tenant) == told
    assert here.rebuild(tenant) == len(places)
    KeyRotation(ground, here.renew).rotate(people.house.admin, Level.CODES)
    renewed = [Space(tenant, EMBEDDER, 2, place) for place in places]
    assert here._index.spaces(tenant) == tuple(sorted(renewed))
    for place, subject in same.items():
        assert people.found(here, vector(1), collection=place) == [subject]


def test_a_forgotten_feed_loses_nobody(ground, here, people, same, places):
    people.found(here, vector(1), collection=places[1])
    with ground.store.work() as work:
        work.template_changes.forget_before(people.house.tenant_id, 100)
    added = people.add(vector(2), collection=places[2])
    for place, subject in same.items():
        found = people.found(here, vector(1), 9, collection=place)
        assert set(found) == {subject, *([added] if place == places[2] else [])}


def test_all_come_back_after_a_restart_from_sealed_files(ground, tmp_path, people, same, places):
    def open_index():
        sealing = IndexSealing(ground)
        return ExactIndex(Snapshots(tmp_path / "index", sealing.seal, sealing.unseal))

    before = Galleries(ground, open_index())
    for place in places:
        people.found(before, vector(1), collection=place)
    before.save()
    after = open_index()
    assert after.spaces(people.house.tenant_id) == tuple(sorted(spaces(people, places)))
    assert [after.count(space) for space in spaces(people, places)] == [1] * 4


def test_forgetting_a_collection_leaves_the_others(here, people, same, places):
    for place in places:
        people.found(here, vector(1), collection=place)
    here.forget_collection(people.house.tenant_id, places[1])
    kept = [space for space in spaces(people, places) if space.collection != places[1]]
    assert here._index.spaces(people.house.tenant_id) == tuple(sorted(kept))
    here.forget_tenant(people.house.tenant_id)
    assert here._index.spaces(people.house.tenant_id) == ()


def test_every_template_counts_by_itself_where_that_is_asked_for(here, people, wings):
    subject = people.add(vector(1), near(vector(1), 2), collection=wings[0])
    people.add(vector(1))
    told = people.house.operator, vector(1)[None], EMBEDDER, Purpose.RECOGNITION, 5
    (each,) = here.search(*told, collection=wings[0], every=True)
    assert [one.subject_id for one in each] == [subject, subject]
    assert each[0].similarity == pytest.approx(1)
    (best,) = here.search(*told, collection=wings[0])
    assert best == each[:1]
    without = frozenset({each[0].template_id})
    (rest,) = here.search(*told, collection=wings[0], without=without)
    assert rest == each[1:]


def test_more_are_looked_at_where_the_nearest_do_not_count(here, people):
    theirs = [people.seal(people.add(), near(vector(1), seed, 0.01)) for seed in range(70)]
    far = people.add(vector(1) + vector(2))
    told = people.house.operator, vector(1)[None], EMBEDDER, Purpose.RECOGNITION, 3
    (found,) = here.search(*told, without=frozenset(theirs))
    assert [one.subject_id for one in found] == [far]


def test_no_search_ever_leaves_its_collection(ground, people, places):
    """Whatever is sealed and removed where, by whichever process it is searched."""
    where = [galleries(ground), galleries(ground, protected=False)]
    everybody: dict[str, str] = {}
    acts = st.lists(
        st.tuples(st.sampled_from(["add", "seal", "erase"]), st.integers(0, 3), st.integers(0, 9)),
        max_size=8,
    )

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(acts)
    def stays(drawn):
        for act, place, seed in drawn:
            theirs = [one for one, at in everybody.items() if at == places[place]]
            if act == "add" or not theirs:
                everybody[people.add(vector(seed), collection=places[place])] = places[place]
            elif act == "seal":
                people.seal(theirs[seed % len(theirs)], vector(seed))
            else:
                gone = theirs[seed % len(theirs)]
                Erasure(ground, blobs_of(ground), where[:1]).erase(people.house.admin, gone)
                del everybody[gone]
        for each in where:
            for place in places:
                found = people.found(each, vector(1), 1000, collection=place)
                assert set(found) == {one for one, at in everybody.items() if at == place}

    stays()
