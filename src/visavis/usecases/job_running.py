"""Doing jobs: one is taken, done, and ended in the unit in which what came of it is written.

However often a job is begun, by whoever, at most one of those who did it can end it: the others
hold a lease that is no longer in the row, and all that they wrote is undone.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog

from visavis.core.errors import InvalidInput, NotAllowed, VisavisError
from visavis.core.telemetry import span
from visavis.core.trace import bound
from visavis.store.jobs import Job
from visavis.store.kinds import JobState
from visavis.store.work import Work
from visavis.usecases import stage_rows
from visavis.usecases.ground import Ground
from visavis.usecases.job_kinds import Again, Done, JobCancelled, Kind
from visavis.usecases.job_leases import Leases

log = structlog.get_logger(__name__)

FIRST_PAUSE = timedelta(seconds=2)
"""Before a job that failed is tried again; each further time twice as long."""

LONGEST_PAUSE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class _Run:
    job: Job
    leases: Leases
    note: Callable[[int, int], bool]

    def report(self, progress: int, total: int) -> None:
        if not (self.leases.is_wanted(self.job.lease) and self.note(progress, total)):
            raise JobCancelled("nobody wants this job any more")


class Runner:
    """Does the jobs of all tenants; safe to use from several threads.

    Args:
        ground: Of the deployment.
        kinds: Those that this process can do.
    """

    def __init__(self, ground: Ground, kinds: Sequence[Kind]) -> None:
        self._ground = ground
        self._kinds = {(kind.name, kind.queue): kind for kind in kinds}
        self._leases = Leases(ground)

    def take_one(self, queue: str) -> bool:
        """Do the job of a queue whose turn it is; False where none is due.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        ground, now = self._ground, self._ground.clock()
        until = now + ground.settings.jobs.lease
        job = ground.store.run(lambda work: work.job_queues.take(queue, now, until))
        if job is None:
            return False
        self._leases.hold(job.lease)
        try:
            with (
                bound(trace=job.trace, job_id=job.id, tenant_id=job.tenant_id),
                span("job", kind="consumer", queue=queue, attempts=job.attempts),
            ):
                self._do(job)
        finally:
            self._leases.let_go(job.lease)
        return True

    def close(self) -> None:
        """Keep no lease any longer."""
        self._leases.close()

    def _do(self, job: Job) -> None:
        kind = self._kinds.get((job.kind, job.queue))
        if kind is None:
            self._end(job, JobState.PARKED, "this version does not know this kind of job")
            return
        try:
            self._finish(job, kind.handle(_Run(job, self._leases, partial(self._note, job))))
        except JobCancelled:
            self._end(job, JobState.CANCELLED, "")
        except (InvalidInput, NotAllowed) as exc:
            self._end(job, JobState.PARKED, str(exc))
        except Exception as exc:  # noqa: BLE001  # a worker goes on past any bad job
            self._try_again(job, exc)

    def _finish(self, job: Job, done: Done | Again) -> None:
        """End a job, and write what came of it, or nothing."""
        if isinstance(done, Again):
            self._wait(job, done)
            return

        def write(work: Work) -> None:
            held = job.tenant_id, job.id, job.lease
            told = JobState.DONE, self._ground.clock()
            if not work.jobs.end(*held, *told, result=done.result):
                raise JobCancelled("somebody else has this job by now")
            done.write(work)

        self._ground.store.run(write)
        done.after()
        log.info("job_done", kind=job.kind, attempts=job.attempts)

    def _wait(self, job: Job, again: Again) -> None:
        """Let a job wait for what it needs."""

        def write(work: Work) -> None:
            held = job.tenant_id, job.id, job.lease, again.due_at
            if not work.jobs.put_back(*held, error=again.why):
                raise JobCancelled("somebody else has this job by now")
            again.write(work)

        self._ground.store.run(write)
        again.after()
        log.info("job_waits", kind=job.kind, attempts=job.attempts)

    def _try_again(self, job: Job, exc: Exception) -> None:
        """Let a job that failed wait, or park it when it failed too often."""
        why = str(exc) if isinstance(exc, VisavisError) else type(exc).__name__
        log.warning("job_failed", kind=job.kind, attempts=job.attempts, reason=type(exc).__name__)
        if job.attempts >= self._ground.settings.jobs.most_attempts:
            times = f"it failed {job.attempts} times, the last time because of: "
            self._end(job, JobState.PARKED, times + why)
            return
        due = self._ground.clock() + pause(job.attempts)
        held = job.tenant_id, job.id, job.lease, due
        self._ground.store.run(lambda work: work.jobs.put_back(*held, error=why))

    def _end(self, job: Job, state: JobState, why: str) -> None:
        log.info("job_ended", kind=job.kind, state=state.value)
        now = self._ground.clock()
        told = job.tenant_id, job.id, job.lease, state, now

        def end(work: Work) -> None:
            if work.jobs.end(*told, error=why) and state is JobState.PARKED:
                stage_rows.park_whole(work, job, now, why)

        self._ground.store.run(end)

    def _note(self, job: Job, progress: int, total: int) -> bool:
        told = job.tenant_id, job.id, job.lease, progress, total
        return self._ground.store.run(lambda work: work.jobs.report(*told))


def pause(attempts: int) -> timedelta:
    """Return how long a job waits that was tried so often; not all meet again at once."""
    doubled: int = 2 ** min(attempts - 1, 20)
    longest = min(FIRST_PAUSE * doubled, LONGEST_PAUSE)
    return longest * (1 + random.random()) / 2  # noqa: S311
