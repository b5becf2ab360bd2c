"""Jobs under any order of what may happen to them, against a model that is a handful of dicts."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tests.store.databases import database
from tests.store.filling import NOW
from tests.store.job_rows import LEASE, QUEUE, add, emptied, find, take, tenants
from visavis.core.settings import StoreOptions
from visavis.store.engine import open_engine
from visavis.store.jobs import Job
from visavis.store.kinds import ENDED, JobState
from visavis.store.migrate import upgrade
from visavis.store.work import Store

ENDS = st.sampled_from(sorted(ENDED))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, list[str]]]:
    folder = tmp_path_factory.mktemp("machine")
    with database("sqlite", folder) as url:
        engine = open_engine(StoreOptions(url=url), folder)
        upgrade(engine)
        store = Store(engine)
        yield store, tenants(store, 3)
        store.close()


class Machine(RuleBasedStateMachine):
    """Does anything with jobs, in any order; `rows` is what they are to be."""

    store: Store
    tenants: list[str]
    every = Bundle("every")
    taken = Bundle("taken")

    def __init__(self) -> None:
        super().__init__()
        emptied(self.store)
        self.now: datetime = NOW
        self.rows: dict[str, Job] = {}
        self.leases: set[str] = set()
        self.held = False

    @rule(
        target=every,
        tenant=st.integers(0, 2),
        count=st.integers(1, 3),
        priority=st.integers(0, 2),
        later=st.sampled_from([0, 0, 30]),
    )
    def add(self, tenant, count, priority, later):
        due = self.now + timedelta(seconds=later) if later else None
        told = {"priority": priority, "due_at": due}
        made = add(self.store, self.tenants[tenant], count, self.now, **told)
        self.rows |= {job.id: job for job in made}
        return multiple(*made)

    @rule(target=taken)
    def take(self):
        """Whoever takes a job gets the best that is due, and has it alone."""
        job = take(self.store, self.now)
        due = [
            row
            for row in self.rows.values()
            if row.state is JobState.WAITING and row.due_at <= self.now
        ]
        if job is None:
            assert self.held or not due
            return multiple()
        before = self.rows[job.id]
        assert not self.held
        assert before in due
        assert (job.priority, job.turn) == min((row.priority, row.turn) for row in due)
        assert job.lease not in self.leases
        assert (job.lease_until, job.attempts) == (self.now + LEASE, before.attempts + 1)
        self.leases.add(job.lease)
        self.rows[job.id] = job
        return job

    def holds(self, job: Job) -> bool:
        return self.rows[job.id].state is JobState.RUNNING and self.rows[job.id].lease == job.lease

    @rule(job=taken, state=ENDS)
    def end(self, job, state):
        """Only who holds the lease ends a job."""
        told = job.tenant_id, job.id, job.lease, state, self.now
        done = self.store.run(lambda work: work.jobs.end(*told, result={"faces": 1}, error="why"))
        assert done == self.holds(job)
        if done:
            self.rows[job.id] = replace(find(self.store, job), state=state, ended_at=self.now)

    @rule(job=taken)
    def put_back(self, job):
        """Nor does anybody else let it wait again."""
        told = job.tenant_id, job.id, job.lease, self.now
        done = self.store.run(lambda work: work.jobs.put_back(*told, error="again"))
        assert done == self.holds(job)
        if done:
            waits = {"state": JobState.WAITING, "lease": "", "lease_until": None}
            self.change(job, due_at=self.now, error="again", **waits)

    @rule(job=taken, progress=st.integers(0, 5))
    def report(self, job, progress):
        """Nor notes how far it is."""
        told = job.tenant_id, job.id, job.lease, progress, 5
        done = self.store.run(lambda work: work.jobs.report(*told))
        assert done == self.holds(job)
        if done:
            self.change(job, progress=progress, total=5)

    @rule(job=taken)
    def renew(self, job):
        until = self.now + LEASE
        found = self.store.run(lambda work: work.job_queues.renew([job.lease], until))
        assert found == ({job.lease: self.rows[job.id].cancel_asked} if self.holds(job) else {})
        if found:
            self.change(job, lease_until=until)

    @rule(job=every)
    def cancel(self, job):
        told = job.tenant_id, job.id, self.now
        before = self.rows[job.id].state
        assert self.store.run(lambda work: work.jobs.cancel(*told)) == (before not in ENDED)
        if before is JobState.WAITING:
            self.change(job, state=JobState.CANCELLED, ended_at=self.now)
        elif before is JobState.RUNNING:
            self.change(job, cancel_asked=True)

    @rule(job=every)
    def requeue(self, job):
        told = job.tenant_id, job.id, self.now
        idle = self.rows[job.id].state in {JobState.PARKED, JobState.CANCELLED}
        assert self.store.run(lambda work: work.jobs.requeue(*told)) == idle
        if idle:
            self.rows[job.id] = found = find(self.store, job)
            assert (found.state, found.attempts, found.error) == (JobState.WAITING, 0, "")
            assert (found.lease, found.ended_at, found.cancel_asked) == ("", None, False)

    @rule(seconds=st.sampled_from([1, 20, 61]))
    def wait(self, seconds):
        self.now += timedelta(seconds=seconds)

    @rule()
    def sweep(self):
        """Whose lease ran out is dead, and nobody else is."""
        found = self.store.run(lambda work: work.job_queues.abandoned(self.now))
        dead = {
            row.id
            for row in self.rows.values()
            if row.state is JobState.RUNNING and row.lease_until and row.lease_until < self.now
        }
        assert {job.id for job in found} == dead
        for job in found:
            self.put_back(job)

    @rule(held=st.booleans())
    def pause(self, held):
        act = "hold" if held else "let_go"
        self.store.run(lambda work: getattr(work.job_queues, act)(QUEUE, self.now))
        self.held = held

    def change(self, job: Job, **values) -> None:
        self.rows[job.id] = replace(self.rows[job.id], **values)

    @invariant()
    def every_row_is_as_it_has_to_be(self):
        """So what has ended did not change, and no lease is in two rows."""
        with self.store.reading() as work:
            rows = {job.id: job for tenant in self.tenants for job in _all(work, tenant)}
        assert {key: _compared(row) for key, row in rows.items()} == {
            key: _compared(row) for key, row in self.rows.items()
        }
        running = [row.lease for row in rows.values() if row.state is JobState.RUNNING]
        assert len({*running}) == len(running)
        assert all(row.lease == "" for row in rows.values() if row.state is not JobState.RUNNING)


def _all(work, tenant) -> Iterator[Job]:
    cursor = None
    while True:
        page = work.jobs.page(tenant, 200, cursor)
        yield from page.items
        cursor = page.next
        if cursor is None:
            return


def _compared(row: Job) -> Job:
    """Return a row without what only a sweep writes."""
    return replace(row, told_at=NOW)


def test_no_job_is_held_twice_ended_twice_or_lost(shared):
    Machine.store, Machine.tenants = shared
    steady = settings(
        max_examples=30, stateful_step_count=30, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(Machine, settings=steady)
