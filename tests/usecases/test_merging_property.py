"""Whatever is moved, merged, split and erased: no template is lost, none of an erased one left."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.usecases.gallery import People, galleries
from tests.usecases.people import EMBEDDER, vector
from tests.usecases.somebody import blobs_of
from visavis.core.purposes import Comparison, Purpose
from visavis.usecases.erasure import Erasure
from visavis.usecases.galleries import Galleries
from visavis.usecases.merging import Merging
from visavis.usecases.template_moves import MOVED

SEEDS = st.integers(0, 30)
PLACES = st.integers(0, 1000)


class Moving(RuleBasedStateMachine):
    """People of one tenant, what the test thinks is theirs, and two indexes that follow."""

    people: People
    merging: Merging
    erasure: Erasure
    where: list[Galleries]
    theirs: dict[str, dict[str, int]]

    @rule(seeds=st.lists(SEEDS, max_size=3))
    def enrol(self, seeds):
        who = self.people.add()
        self.theirs[who] = {self.people.seal(who, vector(seed)): seed for seed in seeds}

    @rule(one=PLACES, other=PLACES, count=st.integers(1, 3))
    def move(self, one, other, count):
        sealed = sorted(made for ids in self.theirs.values() for made in ids)
        if sealed and (to := pick(self.theirs, other)):
            start = one % len(sealed)
            chosen = sealed[start : start + count]
            self.merging.move(self.people.house.operator, chosen, to)
            for made in chosen:
                self.give(made, to)

    @rule(one=PLACES, other=PLACES)
    def merge(self, one, other):
        old, into = pick(self.theirs, one), pick(self.theirs, other)
        if old != into:
            merged = self.merging.merge(self.people.house.admin, old, into)
            assert set(merged.template_ids) == set(self.theirs[old])
            self.theirs[into] |= self.theirs.pop(old)

    @rule(one=PLACES, count=st.integers(1, 2))
    def split(self, one, count):
        who = pick([who for who, ids in self.theirs.items() if len(ids) > count], one)
        if who:
            chosen = sorted(self.theirs[who])[:count]
            new = self.merging.split(self.people.house.operator, who, chosen)
            self.theirs[new.id] = {}
            for made in chosen:
                self.give(made, new.id)

    @rule(one=PLACES)
    def erase(self, one):
        if who := pick(self.theirs, one):
            assert self.erasure.erase(self.people.house.admin, who).kind == "erasure"
            del self.theirs[who]

    @rule(kept=st.integers(1, 200))
    def forget(self, kept):
        with self.people.ground.store.work() as work:
            work.template_changes.forget_before(self.people.house.tenant_id, kept)

    @rule(seed=SEEDS)
    def search(self, seed):
        alike = {who for who, ids in self.theirs.items() if seed in ids.values()}
        for where in self.where:
            found = self.people.find(where, vector(seed), k=1000)
            assert {one.subject_id for one in found if one.similarity > 0.99} == alike
            assert {one.subject_id for one in found} == {w for w, ids in self.theirs.items() if ids}

    @invariant()
    def everybody_has_their_own(self):
        actor, unseal = self.people.house.operator, self.people.templates.unseal
        for who, ids in self.theirs.items():
            found = unseal(
                actor, who, purpose=Purpose.RECOGNITION, comparison=Comparison.ONE_TO_ONE
            )
            opened = {one.id: one.vector.tobytes() for one in found}
            assert opened == {made: vector(seed).tobytes() for made, seed in ids.items()}

    @invariant()
    def the_index_agrees_with_the_rows(self):
        count = sum(map(len, self.theirs.values()))
        for where in self.where:
            assert where.size(self.people.house.operator, EMBEDDER) == count
            assert all(each.is_clean for each in where.verify(self.people.house.tenant_id))

    def give(self, made, to):
        """Note whose a template is."""
        owner = next(who for who, ids in self.theirs.items() if made in ids)
        self.theirs[to] |= {made: self.theirs[owner].pop(made)}


def pick(items, place):
    return sorted(items)[place % len(items)] if items else None


@pytest.mark.slow
def test_no_template_is_lost_and_none_of_an_erased_person_is_left(ground, house):
    Moving.where = [galleries(ground), galleries(ground, protected=False)]
    Moving.people, Moving.theirs = People(ground, house), {}
    Moving.erasure = Erasure(ground, blobs_of(ground), Moving.where[:1])
    Moving.merging = Merging(ground, Moving.erasure)
    run_state_machine_as_test(
        Moving,
        settings=settings(
            max_examples=8,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    with ground.store.reading() as work:
        assert MOVED in {entry.action for entry in work.audit.entries(house.tenant_id)}
