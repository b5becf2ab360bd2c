"""The sweep: what a killed process or a broker lost is found in the rows, and done all the same.

Any number of processes may sweep: what one has done, the next finds done.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from visavis.jobs.delivery import Delivery
from visavis.store.jobs import Job
from visavis.store.kinds import JobState
from visavis.store.work import Work
from visavis.usecases import reading_all, stage_rows
from visavis.usecases.ground import Ground
from visavis.usecases.job_kinds import Kind

log = structlog.get_logger(__name__)

DEATHS = 4
"""Times `jobs.most_attempts`: so often may workers die over a job before it is parked. They mostly
die of something else, so it is more often than a job may fail."""


class Sweeping:
    """Finds jobs that nobody works on, and tells workers of them.

    Args:
        ground: Of the deployment.
        delivery: Tells workers.
        kinds: All that there are.
    """

    def __init__(self, ground: Ground, delivery: Delivery, kinds: Sequence[Kind]) -> None:
        self._ground, self._delivery = ground, delivery
        self._kinds = {(kind.name, kind.queue): kind for kind in kinds}

    def sweep(self) -> None:
        """Free jobs of dead workers, and tell of jobs that workers do not seem to know of.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        ground, now = self._ground, self._ground.clock()
        for job in ground.store.run(lambda work: work.job_queues.abandoned(now)):
            self._free(job, now)
        before = now - ground.settings.jobs.sweep
        untold = ground.store.run(lambda work: work.job_queues.untold(now, before))
        for queue, count in untold.items():
            self._delivery.tell(queue, count)

    def remove_ended(self) -> int:
        """Remove jobs that ended long ago, with what they keep; return how many."""
        gone = 0
        before = self._ground.clock() - timedelta(days=self._ground.settings.jobs.keep_days)
        for tenant in reading_all.tenants(self._ground.store):
            while some := self._remove_some(tenant.id, before):
                gone += some
        return gone

    def _remove_some(self, tenant_id: str, before: datetime) -> int:
        after: list[Callable[[], object]] = []

        def remove(work: Work) -> int:
            after.clear()
            over = work.jobs.ended(tenant_id, before)
            after.extend(self._drop(work, job) for job in over)
            return work.jobs.remove(tenant_id, [job.id for job in over])

        gone = self._ground.store.run(remove)
        for act in after:
            act()
        return gone

    def _drop(self, work: Work, job: Job) -> Callable[[], object]:
        kind = self._kinds.get((job.kind, job.queue))
        return kind.drop(work, job) if kind else lambda: None

    def _free(self, job: Job, now: datetime) -> None:
        held = job.tenant_id, job.id, job.lease
        log.warning("job_abandoned", job_id=job.id, kind=job.kind, attempts=job.attempts)
        if job.attempts >= DEATHS * self._ground.settings.jobs.most_attempts:
            why = f"{job.attempts} workers died while they worked on it"
            self._ground.store.run(lambda work: self._park(work, job, now, why))
            return
        if self._ground.store.run(lambda work: work.jobs.put_back(*held, now)):
            self._delivery.tell(job.queue)

    @staticmethod
    def _park(work: Work, job: Job, now: datetime, why: str) -> None:
        held = job.tenant_id, job.id, job.lease
        if work.jobs.end(*held, JobState.PARKED, now, error=why):
            stage_rows.park_whole(work, job, now, why)
