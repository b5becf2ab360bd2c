"""Jobs and their queues on every database: taken once by whoever is first, and found in parts."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from tests.store.filling import MINUTE, NOW
from tests.store.job_rows import LEASE, QUEUE, add, find, take, taken, tenants
from visavis.store.errors import AlreadyThere
from visavis.store.job_queues import QueueState
from visavis.store.jobs import NewJob
from visavis.store.kinds import JobState

TAKERS = 4
JOBS = 60


def end(store, job, state=JobState.DONE, **told):
    held = job.tenant_id, job.id, job.lease
    return store.run(lambda work: work.jobs.end(*held, state, NOW, **told))


def test_four_takers_at_once_take_every_job_once(store):
    names = tenants(store, 2)
    made = {job.id for name in names for job in add(store, name, JOBS // 2)}
    start = Barrier(TAKERS, timeout=60)

    def finish_some(_: int) -> list[str]:
        start.wait()
        mine = []
        for _ in range(10 * JOBS):
            if job := take(store):
                mine.append(job.id)
                assert end(store, job)
            elif not waiting(store):
                return mine
        raise AssertionError("there was always something left")

    with ThreadPoolExecutor(TAKERS) as pool:
        taken = [job for mine in pool.map(finish_some, range(TAKERS)) for job in mine]
    assert Counter(taken) == Counter(made)
    with store.reading() as work:
        assert [work.jobs.counts(name) for name in names] == [{JobState.DONE: JOBS // 2}] * 2


def waiting(store):
    with store.reading() as work:
        return work.job_queues.waiting(QUEUE, 2 * JOBS)


def test_takers_of_abandoned_jobs_leave_nothing_to_the_dead(store):
    """Of those who were taken for dead and those who came after, one ends each job."""
    (name,) = tenants(store, 1)
    add(store, name, TAKERS)
    dead = [taken(store) for _ in range(TAKERS)]
    late = NOW + LEASE + MINUTE
    for job in store.run(lambda work: work.job_queues.abandoned(late)):
        told = job.tenant_id, job.id, job.lease, late
        assert store.run(lambda work, told=told: work.jobs.put_back(*told))
    alive = [taken(store, late) for _ in range(TAKERS)]
    start = Barrier(2 * TAKERS, timeout=60)

    def finish(job):
        start.wait()
        return end(store, job)

    with ThreadPoolExecutor(2 * TAKERS) as pool:
        assert list(pool.map(finish, dead + alive)) == [False] * TAKERS + [True] * TAKERS


def test_a_key_makes_jobs_once_in_each_tenant(store):
    mine, theirs = tenants(store, 2)
    (first,) = add(store, mine, once="key:0")
    with pytest.raises(AlreadyThere):
        add(store, mine, once="key:0")
    add(store, mine)  # without a key as often as one wants
    add(store, mine)
    (other,) = add(store, theirs, once="key:0")
    with store.reading() as work:
        assert work.jobs.find_once(mine, "key:0").id == first.id
        assert work.jobs.find_once(theirs, "key:0").id == other.id
        assert work.jobs.find_once(mine, "KEY:0") is None


def test_jobs_are_listed_in_parts_without_stages(store):
    (name,) = tenants(store, 1)
    made = [
        add(store, name, now=NOW + i * MINUTE, batch_id="b" if i % 2 else "a")[0] for i in range(5)
    ]
    add(store, name, parent_id=made[0].id, batch_id="a")
    job = taken(store)
    end(store, job, JobState.PARKED, error="x" * 600)
    with store.reading() as work:
        first = work.jobs.page(name, 3)
        rest = work.jobs.page(name, 3, first.next)
        assert [job.id for job in first.items + rest.items] == [job.id for job in made[::-1]]
        assert rest.next is None
        (parked,) = work.jobs.page(name, states=[JobState.PARKED]).items
        assert (parked.id, parked.error) == (job.id, "x" * 500)
        assert len(work.jobs.page(name, batch_id="b").items) == 2
        assert work.jobs.page(name, kind="other").items == ()
        assert work.jobs.counts(name, "a") == {JobState.PARKED: 1, JobState.WAITING: 2}
        assert [stage.batch_id for stage in work.jobs.stages(name, made[0].id)] == ["a"]


def test_a_queue_that_is_held_gives_nothing_and_is_told_of(store):
    (name,) = tenants(store, 1)
    add(store, name, 2)
    for _ in range(2):  # twice is as good as once
        store.run(lambda work: work.job_queues.hold(QUEUE, NOW))
    assert take(store) is None
    untold = NOW + MINUTE, NOW + MINUTE
    assert store.run(lambda work: work.job_queues.untold(*untold)) == {}
    with store.reading() as work:
        assert work.job_queues.states() == (QueueState(QUEUE, waiting=2, oldest=NOW, held=True),)
    assert store.run(lambda work: work.job_queues.let_go(QUEUE, NOW))
    assert not store.run(lambda work: work.job_queues.let_go(QUEUE, NOW))
    assert store.run(lambda work: work.job_queues.untold(NOW, NOW)) == {QUEUE: 2}
    assert store.run(lambda work: work.job_queues.untold(NOW, NOW)) == {}
    job = taken(store)
    told = job.tenant_id, job.id, job.lease, NOW + MINUTE
    store.run(lambda work: work.jobs.put_back(*told, error="no"))
    take(store)
    with store.reading() as work:
        (state,) = work.job_queues.states()
    due = NOW + MINUTE
    assert state == QueueState(QUEUE, waiting=1, running=1, retries=1, oldest=due)


def test_jobs_that_ended_long_ago_are_removed(store):
    (name,) = tenants(store, 1)
    (old, new) = add(store, name, 2)
    for job in (taken(store), taken(store)):
        at = NOW if job.id == old.id else NOW + MINUTE
        held = job.tenant_id, job.id, job.lease
        store.run(lambda work, held=held, at=at: work.jobs.end(*held, JobState.DONE, at))
    before = NOW + timedelta(seconds=1)
    with store.work() as work:
        (over,) = work.jobs.ended(name, before)
        assert work.jobs.remove(name, [over.id]) == 1
        assert work.jobs.remove(name, []) == 0
    assert find(store, new).state is JobState.DONE
    with store.reading() as work:
        assert work.jobs.find(name, old.id) is None


def test_what_a_job_needs_to_know_comes_back_as_it_was(store):
    (name,) = tenants(store, 1)
    told = {"file": "ab" * 32, "features": ["points"], "nothing": None, "é": [1, 2.5]}
    (made,) = store.run(
        lambda work: work.jobs.add_all(name, [NewJob("test", QUEUE, payload=told)], NOW)
    )
    assert find(store, made) == made
    assert made.payload == told
