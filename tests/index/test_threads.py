"""Searching beside writers: every answer is that of one moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest

from tests.index.engines import LOCAL, drawn, ids_of, local

GROUP = 40
ROUNDS = 60


@pytest.mark.parametrize("engine", LOCAL)
def test_a_search_sees_all_of_a_call_or_nothing(engine, space, kind):
    index, done = local(engine), Event()
    still, moving = ids_of(*range(100)), ids_of(*range(100, 100 + GROUP))
    index.add(space, still, drawn(kind, 100))
    versions = [drawn(kind, GROUP, seed=seed) for seed in range(2)]

    def write():
        for number in range(ROUNDS):
            index.add(space, moving, versions[number % 2])
            index.add(space, moving, versions[(number + 1) % 2])
            assert index.remove(space, moving) == GROUP
        done.set()

    def read():
        seen = set()
        while not done.is_set():
            for probe in (versions[0][:1], versions[1][:1]):
                (hits,) = index.search(space, probe, 1000)
                assert len(set(hits.ids)) == len(hits.ids) in {100, 100 + GROUP}
                assert set(still) <= set(hits.ids)
                seen.add(len(hits.ids))
        return seen

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        pool.submit(write).result()
        for reader in readers:
            reader.result()
    assert index.ids(space) == set(still)


@pytest.mark.parametrize("engine", LOCAL)
def test_writers_beside_each_other_lose_nothing(engine, space, kind):
    index = local(engine)
    entries = drawn(kind, 400)

    def write(part):
        numbers = range(part * 100, part * 100 + 100)
        for number in numbers:
            index.add(space, ids_of(number), entries[number : number + 1])
            index.search(space, entries[number : number + 1], 3)
        return index.remove(space, ids_of(*numbers[::2]))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(write, range(4))) == [50] * 4
    assert index.ids(space) == set(ids_of(*range(1, 400, 2)))
    hits = index.search(space, entries[1::2], 1)
    assert [each.ids for each in hits] == [(each,) for each in ids_of(*range(1, 400, 2))]
    assert all(np.isclose(each.similarities[0], 1) for each in hits)
