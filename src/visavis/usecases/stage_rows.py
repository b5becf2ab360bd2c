"""Stages as rows: a job that is done by several services is a job with stages of its own.

The job itself waits in the queue `store` until its parts are there. What one of its stages cannot
do, it cannot do; what is no longer wanted of it, is no longer wanted of them.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from visavis.store.jobs import Job, NewJob
from visavis.store.work import Work
from visavis.usecases.queues import DESCRIBE, DETECT

UNTIL_PARTS = datetime(9999, 1, 1, tzinfo=UTC)
"""When a job is due whose parts are not there: never, so that no sweep takes it for forgotten."""


def begin(work: Work, jobs: Sequence[Job], now: datetime) -> tuple[Job, ...]:
    """Write the first stage of jobs of one tenant down; return those stages."""
    if not jobs:
        return ()
    return work.jobs.add_all(jobs[0].tenant_id, [_stage(job, DETECT) for job in jobs], now)


def describe(work: Work, job: Job, now: datetime) -> Job:
    """Write the stage down that goes on where boxes are known; return it."""
    return work.jobs.add_all(job.tenant_id, [_stage(job, DESCRIBE)], now)[0]


def begin_anew(work: Work, job: Job, now: datetime) -> tuple[Job, ...]:
    """Forget what the stages of a job did, and begin with the first one; return it."""
    work.jobs.remove(job.tenant_id, [each.id for each in work.jobs.stages(job.tenant_id, job.id)])
    work.job_parts.remove(job.tenant_id, job.id)
    return begin(work, [job], now)


def park_whole(work: Work, job: Job, now: datetime, error: str) -> None:
    """Note that a job was parked: if it is a stage, so is the whole one, for the same reason."""
    whole_id = job.parent_id or job.id
    if whole_id == job.id or work.jobs.park(job.tenant_id, whole_id, now, error):
        cancel(work, job.tenant_id, whole_id, now)


def cancel(work: Work, tenant_id: str, job_id: str, now: datetime) -> None:
    """Note that a job has ended without result: its stages end too, its parts are forgotten."""
    for stage in work.jobs.stages(tenant_id, job_id):
        work.jobs.cancel(tenant_id, stage.id, now)
    work.job_parts.remove(tenant_id, job_id)


def whole(work: Work, job: Job) -> Job:
    """Return the job that a stage belongs to; any other job is whole itself."""
    return work.jobs.find(job.tenant_id, job.parent_id) or job if job.parent_id else job


def _stage(job: Job, name: str) -> NewJob:
    """Return a stage, whose kind and queue have one name."""
    return NewJob(
        kind=name,
        queue=name,
        priority=job.priority,
        owner_id=job.owner_id,
        batch_id=job.batch_id,
        parent_id=job.id,
        trace=job.trace,
    )
