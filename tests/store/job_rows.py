"""What the tests of jobs share: tenants, and one store that is emptied instead of made anew."""

from datetime import timedelta

from sqlalchemy import delete

from tests.store.filling import NOW
from visavis.store.jobs import Job, NewJob
from visavis.store.tables.jobs import held_queues, jobs
from visavis.store.work import Store

QUEUE = "pictures"
LEASE = timedelta(seconds=60)


def tenants(store: Store, count: int) -> list[str]:
    """Make tenants; return their ids in the order in which the database sorts them."""
    with store.work() as work:
        return sorted(work.tenants.add(f"tenant {i}", NOW).id for i in range(count))


def emptied(store: Store) -> None:
    """Remove all jobs."""
    with store.work() as work:
        for table in (jobs, held_queues):
            work.jobs._run(delete(table))  # no repository removes those of all


def add(store: Store, tenant: str, count: int = 1, now=NOW, **told) -> tuple[Job, ...]:
    """Write jobs down."""
    asked = [NewJob("test", told.pop("queue", QUEUE), **told) for _ in range(count)]
    return store.run(lambda work: work.jobs.add_all(tenant, asked, now))


def take(store: Store, now=NOW, queue: str = QUEUE) -> Job | None:
    """Take the job whose turn it is."""
    return store.run(lambda work: work.job_queues.take(queue, now, now + LEASE))


def taken(store: Store, now=NOW) -> Job:
    """Take the job whose turn it is; there is one."""
    job = take(store, now)
    assert job is not None
    return job


def find(store: Store, job: Job) -> Job:
    """Return a job as it is now."""
    with store.reading() as work:
        found = work.jobs.find(job.tenant_id, job.id)
    assert found is not None
    return found
