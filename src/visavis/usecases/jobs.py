"""Jobs: what was asked for, how far it is, and what may be done about it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from visavis.core.errors import InvalidInput, Overloaded
from visavis.credentials.roles import Permission
from visavis.jobs.delivery import Delivery
from visavis.store.job_queues import QueueState
from visavis.store.jobs import Job, NewJob
from visavis.store.kinds import JobState
from visavis.store.page import DEFAULT, Page
from visavis.store.work import Work
from visavis.usecases import stage_rows
from visavis.usecases.actor import Actor
from visavis.usecases.errors import NotFound
from visavis.usecases.ground import Ground


@dataclass(frozen=True, slots=True)
class BatchState:
    """How far jobs are that were asked for together.

    Attributes:
        batch_id: Which.
        counts: Jobs in each state; those that are not named: none.
    """

    batch_id: str
    counts: dict[JobState, int]

    @property
    def total(self) -> int:
        """All jobs of it."""
        return sum(self.counts.values())

    @property
    def is_over(self) -> bool:
        """Whether nothing of it waits or runs."""
        return not (self.counts.get(JobState.WAITING) or self.counts.get(JobState.RUNNING))


class Jobs:
    """The jobs of tenants, as their people see them.

    Args:
        ground: Of the deployment.
        delivery: Tells workers.
        queues: All that there are.
    """

    def __init__(self, ground: Ground, delivery: Delivery, queues: Collection[str]) -> None:
        self._ground, self._delivery, self._queues = ground, delivery, frozenset(queues)

    def require_room(self, queue: str, count: int = 1) -> None:
        """Refuse more jobs where too many wait.

        Raises:
            Overloaded: they do.
        """
        most = self._ground.settings.jobs.most_waiting
        with self._ground.store.reading() as work:
            waiting = work.job_queues.waiting(queue, most + 1)
        if waiting + count > most:
            raise Overloaded(f"{waiting} jobs wait already; try again in a few minutes")

    def add(self, work: Work, tenant_id: str, asked: Sequence[NewJob]) -> tuple[Job, ...]:
        """Write jobs of one queue down in a unit; call `tell` when that is kept."""
        return work.jobs.add_all(tenant_id, asked, self._ground.clock())

    def tell(self, jobs: Sequence[Job]) -> None:
        """Tell workers of jobs that were written down."""
        for queue in sorted({job.queue for job in jobs}):
            self._delivery.tell(queue, sum(job.queue == queue for job in jobs))

    def find(self, actor: Actor, job_id: str) -> Job:
        """Return a job.

        Raises:
            NotAllowed: they may not.
            NotFound: the tenant has none of this id.
        """
        actor.require(Permission.JOBS_READ)
        with self._ground.store.reading() as work:
            return _job(work, actor.tenant_id, job_id)

    def page(
        self,
        actor: Actor,
        limit: int = DEFAULT,
        cursor: str | None = None,
        *,
        states: Collection[JobState] = (),
        kind: str | None = None,
        queue: str | None = None,
        batch_id: str | None = None,
    ) -> Page[Job]:
        """Return a part of the jobs, the newest first.

        Raises:
            NotAllowed: they may not.
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        actor.require(Permission.JOBS_READ)
        with self._ground.store.reading() as work:
            return work.jobs.page(
                actor.tenant_id,
                limit,
                cursor,
                states=states,
                kind=kind,
                queue=queue,
                batch_id=batch_id,
            )

    def batch(self, actor: Actor, batch_id: str) -> BatchState:
        """Return how far jobs are that were asked for together.

        Raises:
            NotAllowed: they may not.
            NotFound: there are none.
        """
        actor.require(Permission.JOBS_READ)
        with self._ground.store.reading() as work:
            counts = work.jobs.counts(actor.tenant_id, batch_id)
        if not counts:
            raise NotFound("batch")
        return BatchState(batch_id, counts)

    def counts(self, actor: Actor) -> dict[JobState, int]:
        """Return how many jobs of the tenant are in each state.

        Raises:
            NotAllowed: they may not.
        """
        actor.require(Permission.JOBS_READ)
        with self._ground.store.reading() as work:
            return work.jobs.counts(actor.tenant_id)

    def cancel(self, actor: Actor, job_id: str) -> Job:
        """End a job that waits, or have the one who works on it stop.

        Raises:
            NotAllowed: they may not.
            NotFound: the tenant has none of this id.
            InvalidInput: it has ended.
        """
        actor.require(Permission.JOBS_WRITE)
        tenant_id, now = actor.tenant_id, self._ground.clock()

        def cancel(work: Work) -> Job:
            job = stage_rows.whole(work, _job(work, tenant_id, job_id))
            if not work.jobs.cancel(tenant_id, job.id, now):
                raise InvalidInput(f"this job is {job.state.value} already")
            stage_rows.cancel(work, tenant_id, job.id, now)
            return _job(work, tenant_id, job.id)

        return self._ground.store.run(cancel)

    def cancel_batch(self, actor: Actor, batch_id: str) -> BatchState:
        """Cancel all that has not ended of what was asked for together.

        Raises:
            NotAllowed: they may not.
            NotFound: there is no such batch.
        """
        actor.require(Permission.JOBS_WRITE)
        tenant_id, now = actor.tenant_id, self._ground.clock()

        def cancel(work: Work) -> dict[JobState, int]:
            work.jobs.cancel_batch(tenant_id, batch_id, now)
            return work.jobs.counts(tenant_id, batch_id)

        counts = self._ground.store.run(cancel)
        if not counts:
            raise NotFound("batch")
        return BatchState(batch_id, counts)

    def requeue(self, actor: Actor, job_id: str) -> Job:
        """Let a job that is parked or cancelled begin anew.

        Raises:
            NotAllowed: they may not.
            NotFound: the tenant has none of this id.
            InvalidInput: it is neither.
        """
        actor.require(Permission.JOBS_WRITE)
        tenant_id, now = actor.tenant_id, self._ground.clock()

        def requeue(work: Work) -> Job:
            job = stage_rows.whole(work, _job(work, tenant_id, job_id))
            if not work.jobs.requeue(tenant_id, job.id, now):
                raise InvalidInput(f"this job is {job.state.value}; only parked ones begin anew")
            return _job(work, tenant_id, job.id)

        job = self._ground.store.run(requeue)
        self.tell([job])
        return job

    def queues(self, actor: Actor) -> tuple[QueueState, ...]:
        """Return how all queues are, of all tenants together; for whoever runs the deployment.

        Raises:
            NotAllowed: they may not.
        """
        actor.require(Permission.SETTINGS_READ)
        return self.depths()

    def depths(self) -> tuple[QueueState, ...]:
        """Return how all queues are, for metrics."""
        with self._ground.store.reading() as work:
            found = {state.queue: state for state in work.job_queues.states()}
        return tuple(found.get(name, QueueState(name)) for name in sorted(self._queues | {*found}))

    def hold(self, actor: Actor, queue: str) -> None:
        """Let the jobs of a queue wait, of all tenants; what is under way goes on.

        Raises:
            NotAllowed: they may not.
            NotFound: there is no such queue.
        """
        self._require_queue(actor, queue)
        now = self._ground.clock()
        self._ground.store.run(lambda work: work.job_queues.hold(queue, now))

    def let_go(self, actor: Actor, queue: str) -> None:
        """Let the jobs of a queue go on; raises as `hold` does."""
        self._require_queue(actor, queue)
        now = self._ground.clock()
        self._ground.store.run(lambda work: work.job_queues.let_go(queue, now))
        with self._ground.store.reading() as work:
            waiting = work.job_queues.waiting(queue, self._ground.settings.jobs.most_waiting)
        self._delivery.tell(queue, waiting)

    def _require_queue(self, actor: Actor, queue: str) -> None:
        actor.require(Permission.SETTINGS_WRITE)
        if queue not in self._queues:
            raise NotFound("queue")


def _job(work: Work, tenant_id: str, job_id: str) -> Job:
    job = work.jobs.find(tenant_id, job_id)
    if job is None:
        raise NotFound("job")
    return job
