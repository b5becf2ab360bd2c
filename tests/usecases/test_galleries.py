"""Searching: who is found, with what similarity, and who may ask for it."""

import numpy as np
import pytest

from tests.usecases.gallery import People, galleries, near, statements
from tests.usecases.people import EMBEDDER, vector
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.purposes import Purpose
from visavis.store.galleries import SealedTemplate
from visavis.store.kinds import Mode
from visavis.usecases.errors import ConsentMissing, NotFound
from visavis.usecases.gallery_codes import CODES
from visavis.usecases.privacy import Privacy

ASKED = EMBEDDER, Purpose.RECOGNITION


@pytest.fixture
def people(ground, house):
    return People(ground, house)


@pytest.fixture(params=[True, False], ids=["protected", "plain"])
def here(request, ground):
    """Give the galleries of this process."""
    return galleries(ground, protected=request.param)


def cosine(one, other):
    one, other = one.astype(np.float64), other.astype(np.float64)
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_who_is_the_nearest_and_how_near(here, people):
    vectors = [vector(seed) for seed in range(5)]
    ids = [people.add(each) for each in vectors]
    probe = near(vectors[3], 1) * 7  # of any length
    found = people.find(here, probe)
    assert found[0].subject_id == ids[3]
    assert [one.similarity for one in found] == pytest.approx(
        sorted((cosine(each, probe) for each in vectors), reverse=True), abs=1e-9
    )
    assert len(people.find(here, probe, k=2)) == 2


def test_of_each_person_the_best_template_counts(here, people):
    base = vector(1)
    ada = people.add(near(base, 1, 0.9), vector(50))
    best = people.seal(ada, near(base, 2, 0.1))
    bob = people.add(near(base, 3, 0.5))
    first, second = people.find(here, base)
    assert (first.subject_id, first.template_id, second.subject_id) == (ada, best, bob)
    assert first.similarity > second.similarity


def test_many_templates_of_one_person_hide_nobody(here, people):
    """Fifty templates of each of two people are nearer than the only one of a third."""
    base = vector(1)
    for person in range(2):
        people.add(*(near(base, 100 * person + seed, 0.2) for seed in range(50)))
    third = people.add(near(base, 999, 0.8))
    assert people.found(here, base, k=3)[2] == third


def test_those_who_did_not_agree_hide_nobody(here, people, ground):
    base = vector(1)
    for seed in range(70):
        people.add(near(base, seed, 0.1))
    with ground.store.work() as work:
        for consent in work.consents.page(people.house.tenant_id, 200).items:
            now = ground.clock()
            work.consents.withdraw(people.house.tenant_id, consent.id, "self", now)
    ada = people.add(near(base, 999, 0.8))
    assert people.found(here, base, k=5) == [ada]


def test_equal_templates_go_by_id(here, people):
    same = vector(1)
    made = {people.add(same): None for _ in range(6)}
    found = people.find(here, near(same, 1), k=6)
    assert {one.subject_id for one in found} == set(made)
    assert len({one.similarity for one in found}) == 1
    assert [one.template_id for one in found] == sorted(one.template_id for one in found)


@pytest.mark.parametrize("at_once", [3, 32])
def test_several_probes_are_answered_as_if_each_were_alone(here, people, at_once, monkeypatch):
    monkeypatch.setattr("visavis.usecases.galleries.AT_ONCE", at_once)
    for seed in range(20):
        people.add(vector(seed))
    probes = np.stack([near(vector(seed), seed, 0.5) for seed in range(7)])
    actor = people.house.operator
    together = here.search(actor, probes, *ASKED, 3)
    alone = [here.search(actor, probe[None], *ASKED, 3)[0] for probe in probes]
    assert together == alone
    assert here.search(actor, probes[:0], *ASKED, 3) == []


def test_an_empty_gallery_answers_nobody(here, people):
    assert people.find(here, vector()) == ()
    assert here.size(people.house.operator, EMBEDDER) == 0


def test_embedders_are_apart(here, people):
    ada = people.add(vector(1))
    bob = people.add(vector(1, 512), embedder="other@2")
    assert people.found(here, vector(1)) == [ada]
    assert [one.subject_id for one in people.find(here, vector(1, 512), embedder="other@2")] == [
        bob
    ]
    assert people.find(here, vector(1), embedder="unknown@1") == ()
    assert here.size(people.house.operator, EMBEDDER) == 1


def test_a_probe_of_another_dimension_is_named(here, people):
    ada = people.add(vector(1))
    with pytest.raises(InvalidInput, match="512"):
        people.find(here, vector(1, 512))
    with pytest.raises(InvalidInput, match="the probe has 512 numbers"):
        here.compare(people.house.operator, ada, vector(1, 512), *ASKED)


def test_a_template_of_another_dimension_keeps_nobody_else_from_being_found(here, people):
    ada = people.add(vector(1))
    people.add(vector(2, 64))
    assert people.found(here, vector(1)) == [ada]


@pytest.mark.parametrize(
    "probes",
    [
        vector()[None].astype(np.float64),
        vector(),
        np.zeros((1, 128), np.float32),
        np.full((1, 128), np.nan, np.float32),
        np.zeros((1, 0), np.float32),
    ],
)
def test_what_is_no_probe_is_refused(here, people, probes):
    people.add(vector())
    with pytest.raises(InvalidInput, match="probe"):
        here.search(people.house.operator, probes, *ASKED, 1)


@pytest.mark.parametrize("k", [0, -1, 1001])
def test_how_many_can_be_asked_for(here, people, k):
    with pytest.raises(InvalidInput, match="1 to 1000 people"):
        people.find(here, vector(), k=k)


def test_one_to_one(here, people):
    base = vector(1)
    ada = people.add(near(base, 1, 0.9), near(base, 2, 0.1))
    bob = people.add(vector(2))
    actor = people.house.operator
    best = cosine(near(base, 2, 0.1), base)
    assert here.compare(actor, ada, base, *ASKED) == pytest.approx(best, abs=1e-9)
    assert here.compare(actor, bob, base, *ASKED) < 0.5
    assert here.compare(actor, ada, base, "other@1", Purpose.RECOGNITION) is None
    with pytest.raises(NotFound, match="no such subject"):
        here.compare(actor, "0" * 32, base, *ASKED)


def test_only_one_to_one_in_the_mode_verify(here, people, ground):
    ada = people.add(vector(1))
    Privacy(ground).change(people.house.admin, mode=Mode.VERIFY, confirm=True)
    assert here.compare(people.house.operator, ada, vector(1), *ASKED) == pytest.approx(1)
    with pytest.raises(ConsentMissing, match="needs the mode identify"):
        people.find(here, vector(1))
    Privacy(ground).change(people.house.admin, mode=Mode.ANONYMOUS, confirm=True)
    with pytest.raises(ConsentMissing, match="anonymous"):
        here.compare(people.house.operator, ada, vector(1), *ASKED)


def test_a_purpose_that_is_not_stated_is_refused_before_anything_is_compared(here, people):
    people.add(vector(1))
    with pytest.raises(ConsentMissing, match="does not process faces for photos"):
        here.search(people.house.operator, vector(1)[None], EMBEDDER, Purpose.PHOTOS, 1)


def test_who_may_search(here, people):
    ada = people.add(vector(1))
    for act in (
        lambda actor: here.search(actor, vector(1)[None], *ASKED, 1),
        lambda actor: here.compare(actor, ada, vector(1), *ASKED),
        lambda actor: here.size(actor, EMBEDDER),
    ):
        with pytest.raises(NotAllowed, match="takes operator"):
            act(people.house.viewer)


def test_tenants_find_their_own_people_only(here, people, ground, other):
    people.add(vector(1))
    theirs = People(ground, other)
    bob = theirs.add(near(vector(1), 1, 0.9))
    assert theirs.found(here, vector(1)) == [bob]
    assert here.size(other.operator, EMBEDDER) == 1


def test_codes_of_two_tenants_are_unlike_and_hold_no_template(people, ground, other):
    """The same faces under two secrets differ in about half of the 512 bits, as by chance."""
    here, theirs = galleries(ground), People(ground, other)
    vectors = [vector(seed) for seed in range(64)]
    for mine in (people, theirs):
        for each in vectors:
            mine.add(each)
        mine.find(here, vectors[0])
    spaces = [here._index.spaces(house.tenant_id)[0] for house in (people.house, other)]
    assert [space.version for space in spaces] == [1, 1]
    made = [here._following.codes.entries(space, np.stack(vectors)) for space in spaces]
    assert [codes.dtype for codes in made] == [np.uint8] * 2
    apart = np.bitwise_count(np.bitwise_xor(*made)).sum(axis=1)
    assert 256 - 10 < apart.mean() < 256 + 10
    assert apart.min() > 256 - 100
    with ground.store.reading() as work:
        assert work.keys.tenant_key(other.tenant_id, CODES).version == 1


def test_a_centre_takes_away_what_all_have_in_common(people, ground):
    centre = 10 * vector(77)
    here = galleries(ground, centres={EMBEDDER: centre / np.linalg.norm(centre)})
    made = [centre + vector(seed) for seed in range(10)]
    ids = [people.add(each) for each in made]
    for each, subject in zip(made, ids, strict=True):
        assert people.found(here, each)[0] == subject
    (space,) = here._index.spaces(people.house.tenant_id)
    codes = here._following.codes.entries(space, np.stack(made))
    bare = galleries(ground)._following.codes.entries(space, np.stack(made))
    assert np.bitwise_count(np.bitwise_xor(codes[1:], codes[0])).sum(axis=1).mean() > 200
    assert np.bitwise_count(np.bitwise_xor(bare[1:], bare[0])).sum(axis=1).mean() < 50


def test_a_search_takes_as_many_queries_for_one_person_as_for_many(people, ground):
    here = galleries(ground)
    counts = []
    for seeds in (range(1), range(1, 60)):
        for seed in seeds:
            people.add(vector(seed))
        people.find(here, vector(1), k=1)
        with statements(ground) as seen:
            people.find(here, vector(1), k=1)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 12


def test_closed_rows_do_not_show_what_they_hold():
    row = SealedTemplate("t", "one", "who", b"sealed", 1, 1, b"key")
    assert "sealed" not in repr(row).lower().replace("sealedtemplate", "")
    assert "key" not in repr(row)
