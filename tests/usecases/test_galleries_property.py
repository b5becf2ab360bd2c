"""Whatever is sealed, removed and erased: searches say what a look at every vector would."""

import numpy as np
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
from visavis.store.sealed import TEMPLATE
from visavis.usecases.erasure import Erasure
from visavis.usecases.galleries import Galleries
from visavis.usecases.template_forms import NewTemplate
from visavis.usecases.templates import Template

SEEDS = st.integers(0, 30)
PLACES = st.integers(0, 1000)


class Searching(RuleBasedStateMachine):
    """Two processes over one database, one of them without protection; both answer the same."""

    people: People
    where: list[Galleries]
    everybody: set[str]

    @rule(seed=SEEDS)
    def enrol(self, seed):
        self.everybody.add(self.people.add(vector(seed)))

    @rule(place=PLACES, seeds=st.lists(SEEDS, max_size=4))
    def seal(self, place, seeds):
        if subject := pick(self.everybody, place):
            items = [NewTemplate(subject, vector(seed)) for seed in seeds]
            told = self.people.house.operator, items
            seal_many = self.people.templates.seal_many
            seal_many(*told, purpose=Purpose.RECOGNITION, embedder=EMBEDDER)

    @rule(place=PLACES)
    def remove(self, place):
        if made := pick([one.id for one in self.opened()], place):
            self.people.templates.remove(self.people.house.operator, made)

    @rule(place=PLACES)
    def erase(self, place):
        if subject := pick(self.everybody, place):
            ground = self.people.ground
            erasure = Erasure(ground, blobs_of(ground), self.where[:1])
            erasure.erase(self.people.house.admin, subject)
            self.everybody.discard(subject)

    @rule(kept=st.integers(1, 200))
    def forget(self, kept):
        with self.people.ground.store.work() as work:
            work.template_changes.forget_before(self.people.house.tenant_id, kept)

    @rule(seed=SEEDS)
    def search(self, seed):
        wanted = ranked(self.opened(), vector(seed))
        for where in self.where:
            found = self.people.find(where, vector(seed), k=1000)
            assert [
                (round(-one.similarity, 9), one.template_id, one.subject_id) for one in found
            ] == wanted

    @invariant()
    def sizes_agree(self):
        actor = self.people.house.operator
        sizes = {where.size(actor, EMBEDDER) for where in self.where}
        with self.people.ground.store.reading() as work:
            assert sizes == {work.sealed.count(actor.tenant_id, TEMPLATE)}

    def opened(self) -> list[Template]:
        """Return all templates, open."""
        actor, unseal = self.people.house.operator, self.people.templates.unseal
        return [
            one
            for who in self.everybody
            for one in unseal(
                actor, who, purpose=Purpose.RECOGNITION, comparison=Comparison.ONE_TO_MANY
            )
        ]


def pick(items, place):
    return sorted(items)[place % len(items)] if items else None


def ranked(templates, probe):
    """Return the best template of each person by a look at every vector, the nearest first."""
    exact = probe.astype(np.float64)
    best: dict[str, tuple[float, str, str]] = {}
    for one in templates:
        theirs = one.vector.astype(np.float64)
        cosine = theirs @ exact / np.linalg.norm(theirs) / np.linalg.norm(exact)
        told = round(-float(cosine), 9), one.id, one.subject_id
        best[one.subject_id] = min(best.get(one.subject_id, told), told)
    return sorted(best.values())


@pytest.mark.slow
def test_searches_are_those_of_all_vectors(ground, house):
    Searching.people, Searching.everybody = People(ground, house), set()
    Searching.where = [galleries(ground), galleries(ground, protected=False)]
    run_state_machine_as_test(
        Searching,
        settings=settings(
            max_examples=8,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
