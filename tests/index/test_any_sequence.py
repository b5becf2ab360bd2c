"""Whatever is added, replaced and removed: every engine answers as the exact one."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.index.engines import KINDS, LOCAL, drawn, ids_of, local, space_of
from visavis.index.exact import ExactIndex

NUMBERS = st.lists(st.integers(0, 120), min_size=1, max_size=60, unique=True)


class Sequence(RuleBasedStateMachine):
    """An engine beside the exact index, both given the same."""

    engine, kind = "faiss", "plain"

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.space = space_of(self.kind)
        self.index, self.oracle = local(self.engine, self.folder), ExactIndex()

    def teardown(self):
        self.index.close()
        shutil.rmtree(self.folder)

    @rule(numbers=NUMBERS, seed=st.integers(0, 20), alike=st.booleans())
    def add(self, numbers, seed, alike):
        entries = drawn(self.kind, len(numbers), seed)
        if alike:
            entries = np.repeat(entries[:1], len(numbers), axis=0)
        for index in (self.index, self.oracle):
            index.add(self.space, ids_of(*numbers), entries)

    @rule(numbers=NUMBERS)
    def remove(self, numbers):
        counts = [index.remove(self.space, ids_of(*numbers)) for index in (self.index, self.oracle)]
        assert counts[0] == counts[1]

    @rule(mark=st.integers(0, 9))
    def note(self, mark):
        for index in (self.index, self.oracle):
            index.set_mark(self.space, mark)

    @rule()
    def restart(self):
        self.index.save()
        self.index.close()
        self.index = local(self.engine, self.folder)

    @rule()
    def drop(self):
        for index in (self.index, self.oracle):
            index.drop(self.space)

    @rule(seed=st.integers(0, 20), k=st.sampled_from([1, 3, 20, 200]))
    def search(self, seed, k):
        probes = drawn(self.kind, 4, seed)
        pairs = zip(
            self.index.search(self.space, probes, k),
            self.oracle.search(self.space, probes, k),
            strict=True,
        )
        for ours, exact in pairs:
            assert ours.ids == exact.ids
            np.testing.assert_array_equal(ours.similarities, exact.similarities)

    @invariant()
    def knows_the_same(self):
        assert self.index.ids(self.space) == self.oracle.ids(self.space)
        assert self.index.count(self.space) == self.oracle.count(self.space)
        assert self.index.mark(self.space) == self.oracle.mark(self.space)
        tenant = self.space.tenant_id
        assert self.index.spaces(tenant) == self.oracle.spaces(tenant)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("engine", [engine for engine in LOCAL if engine != "exact"])
def test_any_sequence_gives_what_the_exact_index_gives(engine, kind):
    class Machine(Sequence):
        pass

    Machine.engine, Machine.kind = engine, kind
    Machine.TestCase.settings = settings(max_examples=40, stateful_step_count=25)
    Machine.TestCase().runTest()
