"""Whose turn it is: priorities first, and tenants alternate whoever came with how much."""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.databases import database
from tests.store.filling import NOW
from tests.store.job_rows import add, emptied, take, taken, tenants
from visavis.core.settings import StoreOptions
from visavis.store.engine import open_engine
from visavis.store.kinds import JobState
from visavis.store.migrate import upgrade
from visavis.store.work import Store

TENANTS = 3
MOST_AHEAD = 2
"""Turns that one tenant may have more than another while both wait."""

TAKE = "take"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, list[str]]]:
    folder: Path = tmp_path_factory.mktemp("fairness")
    with database("sqlite", folder) as url:
        engine = open_engine(StoreOptions(url=url), folder)
        upgrade(engine)
        store = Store(engine)
        yield store, tenants(store, TENANTS)
        store.close()


def finished(store: Store) -> str | None:
    """Take a job and end it; return whose it was."""
    job = take(store)
    if job is None:
        return None
    held = job.tenant_id, job.id, job.lease
    assert store.run(lambda work: work.jobs.end(*held, JobState.DONE, NOW))
    return job.tenant_id


def spread(turns: list[int]) -> int:
    """Return by how much one was ahead of the other in the worst stretch of their turns."""
    at, highest, lowest, worst = 0, 0, 0, 0
    for turn in turns:
        at += turn
        highest, lowest = max(highest, at), min(lowest, at)
        worst = max(worst, highest - lowest)
    return worst


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(st.just(TAKE), st.tuples(st.integers(0, TENANTS - 1), st.integers(1, 4))),
        max_size=40,
    )
)
def test_tenants_alternate_whenever_both_wait(shared, events):
    store, names = shared
    emptied(store)
    waiting: Counter[str] = Counter()
    together: dict[tuple[str, str], list[int]] = {pair: [] for pair in combinations(names, 2)}
    for event in events:
        if event != TAKE:
            tenant, count = names[event[0]], event[1]
            add(store, tenant, count)
            waiting[tenant] += count
            continue
        whose = finished(store)
        assert (whose is None) == (not waiting.total())
        for one, other in together:
            if not (waiting[one] and waiting[other]):
                together[one, other].clear()
            elif whose in {one, other}:
                together[one, other].append(1 if whose == one else -1)
                assert spread(together[one, other]) <= MOST_AHEAD
        if whose:
            waiting[whose] -= 1


def test_who_always_comes_with_one_more_job_keeps_nobody_waiting(shared):
    """Their tenants sort before and after the patient one."""
    store, (first, patient, last) = shared
    for eager in (first, last):
        emptied(store)
        add(store, patient, 3)
        turns = []
        for _ in range(6):
            add(store, eager)
            turns.append(finished(store))
        assert turns.count(patient) == 3


def test_nobody_gathers_turns_while_they_are_away_nor_pays_for_what_is_past(shared):
    store, (one, other, third) = shared
    emptied(store)
    add(store, one, 20)
    assert {finished(store) for _ in range(20)} == {one}
    add(store, other, 4)
    add(store, one, 4)
    assert Counter(finished(store) for _ in range(4)) == {one: 2, other: 2}
    add(store, third, 2)
    assert Counter(finished(store) for _ in range(6)) == {one: 2, other: 2, third: 2}


def test_what_was_parked_or_cancelled_long_ago_moves_nobody(shared):
    store, (one, other, third) = shared
    emptied(store)
    (parked,) = add(store, one)
    job = taken(store)
    held = job.tenant_id, job.id, job.lease
    store.run(lambda work: work.jobs.end(*held, JobState.PARKED, NOW))
    gone = add(store, other, 30)
    for job in gone:
        assert store.run(lambda work, job=job: work.jobs.cancel(other, job.id, NOW))
    add(store, one, 10)
    for _ in range(6):
        finished(store)
    assert store.run(lambda work: work.jobs.requeue(one, parked.id, NOW))
    add(store, other, 3)
    add(store, third, 3)
    assert Counter(finished(store) for _ in range(9)) == {one: 3, other: 3, third: 3}


def test_priorities_come_first_in_every_order(shared):
    store, (one, other, _) = shared
    for order in (range(4), range(3, -1, -1)):
        emptied(store)
        for priority in order:
            add(store, one, 2, priority=priority)
            add(store, other, 2, priority=priority)
        order_taken = [taken(store) for _ in range(16)]
        assert [job.priority for job in order_taken] == sorted([0, 1, 2, 3] * 4)
