"""Calibrating on one's own people: strangers match as often as stated afterwards."""

import numpy as np
import pytest

from tests.usecases.people import EMBEDDER, add_adult, add_notice, agree
from visavis.core.errors import InvalidInput
from visavis.core.purposes import Purpose
from visavis.index.calibration import bundled
from visavis.index.centre import bundled_centres
from visavis.store.kinds import Mode
from visavis.usecases.calibrating import CHANGED, Calibrating
from visavis.usecases.errors import ConsentMissing, NotFound
from visavis.usecases.privacy import Privacy
from visavis.usecases.scores import Scores
from visavis.usecases.template_forms import NewTemplate
from visavis.usecases.templates import Templates

PEOPLE, DIRECTIONS, CLOSE = 80, 18, 0.16


@pytest.fixture
def scores(ground):
    return Scores(ground)


@pytest.fixture
def calibrating(ground, scores):
    return Calibrating(ground, scores)


def alike(count, spread, seed=0):
    """Return vectors of people who are more alike the smaller the spread is.

    They differ in few directions, as vectors of faces do: that gives cosines their width.
    """
    centre = bundled_centres()[EMBEDDER]
    chance = np.random.default_rng(seed)
    directions = np.linalg.qr(np.random.default_rng(99).normal(size=(128, DIRECTIONS)))[0]
    drawn = chance.normal(size=(count, DIRECTIONS)) * np.sqrt(spread / DIRECTIONS)
    vectors = centre / np.linalg.norm(centre) + drawn @ directions.T
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def enrol(ground, house, vectors, *, agreed=True, collection=""):
    """Enrol a person for each vector."""
    notice = add_notice(ground, house)
    people = [add_adult(ground, house, collection=collection).id for _ in vectors]
    for who in people if agreed else ():
        agree(ground, house, who, notice)
    items = [NewTemplate(who, vector) for who, vector in zip(people, vectors, strict=True)]
    return people, sealed(ground, house, items)


def sealed(ground, house, items):
    """Seal templates, as an import does."""
    purpose = Purpose.RECOGNITION
    return Templates(ground).seal_many(house.operator, items, purpose=purpose, embedder=EMBEDDER)


def test_pairs_of_two_collections_are_not_taken_for_strangers(ground, house, calibrating):
    wing = ground.store.run(
        lambda work: work.collections.add(house.tenant_id, "wing", ground.clock()).id
    )
    vectors = alike(PEOPLE, CLOSE)
    enrol(ground, house, vectors)
    before = calibrating.calibrate(house.tenant_id, EMBEDDER)
    enrol(ground, house, vectors, collection=wing)  # the same people once more
    after = calibrating.calibrate(house.tenant_id, EMBEDDER)
    assert (before.pairs, after.pairs) == (len(cosines(vectors)), 2 * len(cosines(vectors)))
    for rate, pair in after.thresholds.items():
        assert pair == pytest.approx(before.thresholds[rate], abs=0.01)


def cosines(vectors):
    return (vectors @ vectors.T)[np.triu_indices(len(vectors), 1)]


def test_strangers_match_as_often_as_stated_afterwards(ground, house, calibrating, scores):
    enrol(ground, house, alike(PEOPLE, CLOSE))
    before = scores.shipped(EMBEDDER)
    change = calibrating.calibrate(house.tenant_id, EMBEDDER)
    after = scores.of(house.tenant_id, EMBEDDER)
    assert (change.people, change.pairs) == (PEOPLE, PEOPLE * (PEOPLE - 1) // 2)
    assert after != before
    others = cosines(alike(400, CLOSE, seed=1))  # people whom nobody has seen
    observed = [float((others >= each.threshold(0.1)).mean()) for each in (before, after)]
    assert abs(observed[1] - 0.1) < abs(observed[0] - 0.1)
    assert 0.05 <= observed[1] <= 0.2


def test_what_changed_is_written_down_and_can_be_taken_back(ground, house, calibrating, scores):
    enrol(ground, house, alike(PEOPLE, CLOSE))
    calibrating.calibrate(house.tenant_id, EMBEDDER, keep=False)
    assert scores.of(house.tenant_id, EMBEDDER) == bundled(EMBEDDER)
    calibrating.calibrate(house.tenant_id, EMBEDDER)
    assert scores.of(house.tenant_id, EMBEDDER) != bundled(EMBEDDER)
    calibrating.reset(house.tenant_id, EMBEDDER)
    assert scores.of(house.tenant_id, EMBEDDER) == bundled(EMBEDDER)
    with ground.store.reading() as work:
        told = [
            each.details for each in work.audit.entries(house.tenant_id) if each.action == CHANGED
        ]
    assert [each["reset"] for each in told] == [False, True]
    assert told[0]["people"] == PEOPLE


def test_other_rules_and_other_tenants_stay_as_they_are(ground, house, other, calibrating, scores):
    enrol(ground, house, alike(PEOPLE, CLOSE))
    rules = Privacy(ground).change(house.admin, adults_only=False)
    calibrating.calibrate(house.tenant_id, EMBEDDER)
    assert Privacy(ground).rules(house.admin) == rules
    assert scores.of(other.tenant_id, EMBEDDER) == bundled(EMBEDDER)
    Privacy(ground).change(house.admin, adults_only=True)
    assert scores.of(house.tenant_id, EMBEDDER) != bundled(EMBEDDER)


def test_templates_of_one_person_are_no_strangers(ground, house, calibrating):
    people, _ = enrol(ground, house, alike(PEOPLE, CLOSE))
    again = NewTemplate(people[0], alike(1, CLOSE)[0])
    sealed(ground, house, [again] * 3)
    change = calibrating.calibrate(house.tenant_id, EMBEDDER, keep=False)
    assert change.people == PEOPLE
    assert change.pairs == PEOPLE * (PEOPLE - 1) // 2 + 3 * (PEOPLE - 1)


def test_too_few_and_those_who_did_not_agree_are_refused(ground, house, calibrating):
    with pytest.raises(InvalidInput, match="too few"):
        calibrating.calibrate(house.tenant_id, EMBEDDER)
    _, told = enrol(ground, house, alike(PEOPLE, CLOSE), agreed=False)
    assert all(isinstance(each, ConsentMissing) for each in told)
    enrol(ground, house, alike(PEOPLE, CLOSE))
    Privacy(ground).change(house.admin, mode=Mode.VERIFY, confirm=True)
    with pytest.raises(ConsentMissing):
        calibrating.calibrate(house.tenant_id, EMBEDDER)
    with pytest.raises(NotFound):
        calibrating.reset("0" * 32, EMBEDDER)
    with pytest.raises(InvalidInput, match="nobody knows yet"):
        Scores(ground).of(house.tenant_id, "another@1")
