"""Sealing many templates at once: as one by one, in few statements, and no bad one stops others."""

import numpy as np
import pytest

from tests.usecases.gallery import People, galleries, statements
from tests.usecases.people import EMBEDDER, actions, add_adult, vector
from tests.usecases.somebody import blobs_of
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.purposes import Comparison, Purpose
from visavis.store.kinds import Mode
from visavis.store.sealed import TEMPLATE
from visavis.usecases import template_batches
from visavis.usecases.ageing import Ageing
from visavis.usecases.erasure import Erasure
from visavis.usecases.errors import ConsentMissing, NotFound
from visavis.usecases.privacy import Privacy
from visavis.usecases.retention_rules import What
from visavis.usecases.template_forms import MOST, NewTemplate

ASKED = {"purpose": Purpose.RECOGNITION, "embedder": EMBEDDER}


@pytest.fixture
def people(ground, house):
    return People(ground, house)


def seal(people, items):
    return people.templates.seal_many(people.house.operator, items, **ASKED)


def test_what_is_sealed_comes_back_bit_for_bit_and_is_found(people, ground):
    who = [people.add() for _ in range(4)]
    items = [NewTemplate(who[turn % 4], vector(turn), float(turn)) for turn in range(20)]
    made = seal(people, items)
    assert len(set(made)) == 20
    for place, subject in enumerate(who):
        opened = people.templates.unseal(
            people.house.operator,
            subject,
            purpose=Purpose.RECOGNITION,
            comparison=Comparison.ONE_TO_ONE,
        )
        assert {one.id: (one.vector.tobytes(), one.quality) for one in opened} == {
            made[turn]: (vector(turn).tobytes(), float(turn)) for turn in range(place, 20, 4)
        }
    assert people.found(galleries(ground), vector(7), 1) == [who[3]]
    assert ground.audit.verify(ground.store, people.house.tenant_id) == []


def test_a_bad_one_is_named_and_stops_no_other(people, ground):
    good, silent = people.add(), add_adult(ground, people.house).id
    gone, full = people.add(), people.add(*(vector(seed) for seed in range(2)))
    erasure = Erasure(ground, blobs_of(ground))
    erasure.erase(people.house.admin, gone)
    items = [
        NewTemplate(good, vector(1)),
        NewTemplate(silent, vector(1)),
        NewTemplate(gone, vector(1)),
        NewTemplate("0" * 32, vector(1)),
        NewTemplate("nobody's id, much too long to be one", vector(1)),
        NewTemplate(good, np.zeros(128, np.float32)),
        NewTemplate(good, vector(1), 101),
        *(NewTemplate(full, vector(seed)) for seed in range(MOST - 1)),
        NewTemplate(good, vector(2)),
    ]
    told = seal(people, items)
    kept = [place for place, each in enumerate(told) if isinstance(each, str)]
    assert kept == [0, *range(7, 7 + MOST - 2), len(items) - 1]
    kinds = [type(told[place]) for place in (1, 2, 3, 4, 5, 6, len(items) - 2)]
    assert kinds == [
        ConsentMissing,
        ConsentMissing,
        NotFound,
        NotFound,
        InvalidInput,
        InvalidInput,
        InvalidInput,
    ]
    assert "erased" in str(told[2])
    assert "room for 100" in str(told[-2])


def test_a_batch_is_one_entry_of_the_log_and_few_statements(people, ground, monkeypatch):
    who = [people.add() for _ in range(10)]
    seal(people, [NewTemplate(who[0], vector(1))])
    counts = []
    for many in (1, 5):
        items = [NewTemplate(each, vector(turn)) for turn in range(many) for each in who]
        with statements(ground) as seen:
            seal(people, items)
        counts.append(len(seen))
    assert counts[0] == counts[1] < 25
    assert actions(ground, people.house)[-3:] == ["templates.sealed"] * 3
    with ground.store.reading() as work:
        (entry,) = work.audit.latest(people.house.tenant_id, 1)
    assert entry.details == {
        "templates": 50,
        "subjects": 10,
        "purpose": "recognition",
        "embedder": EMBEDDER,
    }


def test_long_lists_go_in_parts(people, ground, monkeypatch):
    monkeypatch.setattr("visavis.usecases.templates.AT_ONCE", 3)
    who = people.add()
    items = [NewTemplate(who, vector(seed)) for seed in range(8)]
    assert len(items) < template_batches.AT_ONCE
    assert len(set(seal(people, items))) == 8
    assert actions(ground, people.house)[-3:] == ["templates.sealed"] * 3
    assert seal(people, []) == []


def test_what_concerns_everybody_is_refused_as_a_whole(people, ground, house):
    items = [NewTemplate(people.add(), vector(1))]
    with pytest.raises(NotAllowed, match="takes operator"):
        people.templates.seal_many(house.viewer, items, **ASKED)
    with pytest.raises(InvalidInput, match="embedder"):
        people.templates.seal_many(
            house.operator, items, purpose=Purpose.RECOGNITION, embedder="no id"
        )
    with pytest.raises(ConsentMissing, match="does not process faces for photos"):
        people.templates.seal_many(house.operator, items, **(ASKED | {"purpose": Purpose.PHOTOS}))
    Privacy(ground).change(house.admin, mode=Mode.ANONYMOUS)
    with pytest.raises(ConsentMissing, match="anonymous"):
        seal(people, items)
    with ground.store.reading() as work:
        assert work.sealed.count(house.tenant_id, TEMPLATE) == 0


def test_another_tenants_people_are_nobody(people, ground, other):
    theirs = People(ground, other).add()
    (told,) = seal(people, [NewTemplate(theirs, vector(1))])
    assert isinstance(told, NotFound)


def test_who_got_a_template_in_a_batch_was_seen(people, ground, clock):
    """The log names nobody there; what is not used for long must not be taken for unused."""
    ada = people.add(vector(1))
    clock.move(days=30)
    seal(people, [NewTemplate(ada, vector(2))])
    blobs = blobs_of(ground)
    ageing = Ageing(ground, blobs, Erasure(ground, blobs))
    tenant = people.house.tenant_id
    assert ageing.remove(tenant, What.TEMPLATES_UNUSED, clock(), 20) == 0
    clock.move(days=30)
    assert ageing.remove(tenant, What.TEMPLATES_UNUSED, clock(), 20) == 2
