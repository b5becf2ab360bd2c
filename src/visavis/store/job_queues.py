"""Queues of jobs, for those who do them: they work for all tenants."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from visavis.store.errors import AlreadyThere
from visavis.store.jobs import Job
from visavis.store.kinds import JobState
from visavis.store.repository import Repository, new_id
from visavis.store.tables.jobs import held_queues, jobs


@dataclass(frozen=True, slots=True)
class QueueState:
    """How a queue is.

    Attributes:
        queue: Which.
        waiting: Jobs that wait.
        running: Jobs that somebody works on.
        parked: Jobs that did not work.
        retries: Times that jobs which wait or run were begun before.
        oldest: Since when the one that waits longest could have begun; None = none waits.
        held: Whether its jobs wait until somebody lets them go on.
    """

    queue: str
    waiting: int = 0
    running: int = 0
    parked: int = 0
    retries: int = 0
    oldest: datetime | None = None
    held: bool = False


class JobQueues(Repository):
    """The queues of a deployment."""

    def take(self, queue: str, now: datetime, until: datetime) -> Job | None:
        """Give the next job of a queue to whoever asks; None where none is due.

        Args:
            queue: Which.
            now: The time.
            until: When whoever takes it is taken for dead, unless they say before that they live.

        Returns:
            The job with the best priority; of equals, the one whose turn it is, so that tenants
            alternate.
        """
        if self._one(select(held_queues.c.queue).where(held_queues.c.queue == queue)):
            return None
        due = (jobs.c.queue == queue) & (jobs.c.state == JobState.WAITING) & (jobs.c.due_at <= now)
        by = (jobs.c.priority, jobs.c.turn, jobs.c.tenant_id, jobs.c.id)
        first = select(jobs).where(due).order_by(*by).limit(1).with_for_update(skip_locked=True)
        row = self._one(first)
        if row is None:
            return None
        lease = new_id()
        values = {
            "state": JobState.RUNNING,
            "lease": lease,
            "lease_until": until,
            "started_at": now,
            "attempts": row["attempts"] + 1,
        }
        this = _is(row["tenant_id"], row["id"]) & (jobs.c.state == JobState.WAITING)
        if not self._changed(update(jobs).where(this).values(values)):
            return None
        return Job(**{**row, **values})

    def renew(self, leases: Collection[str], until: datetime) -> dict[str, bool]:
        """Say that those who hold leases live.

        Returns:
            By lease that still holds: whether somebody wants its job to end.
        """
        holds = (jobs.c.state == JobState.RUNNING) & jobs.c.lease.in_(leases)
        rows = self._all(select(jobs.c.lease, jobs.c.cancel_asked).where(holds))
        found = {row["lease"]: bool(row["cancel_asked"]) for row in rows}
        if found:
            theirs = (jobs.c.state == JobState.RUNNING) & jobs.c.lease.in_(found)
            self._run(update(jobs).where(theirs).values(lease_until=until))
        return found

    def abandoned(self, now: datetime, limit: int = 200) -> tuple[Job, ...]:
        """Return some jobs whose workers are taken for dead."""
        dead = (jobs.c.state == JobState.RUNNING) & (jobs.c.lease_until < now)
        rows = self._all(select(jobs).where(dead).order_by(jobs.c.lease_until).limit(limit))
        return tuple(Job(**row) for row in rows)

    def untold(self, now: datetime, before: datetime, limit: int = 1000) -> dict[str, int]:
        """Return how many jobs of each queue are due that workers were not told of lately.

        They are noted as told.

        Args:
            now: The time.
            before: Who was told of later than this is left out.
            limit: Most jobs.
        """
        held = select(held_queues.c.queue)
        due = (jobs.c.state == JobState.WAITING) & (jobs.c.due_at <= now)
        due &= (jobs.c.told_at < before) & jobs.c.queue.not_in(held)
        columns = (jobs.c.tenant_id, jobs.c.id, jobs.c.queue)
        rows = self._all(select(*columns).where(due).limit(limit))
        found: dict[str, int] = {}
        for row in rows:
            found[row["queue"]] = found.get(row["queue"], 0) + 1
        ids = [row["id"] for row in rows]
        if ids:
            self._run(update(jobs).where(jobs.c.id.in_(ids)).values(told_at=now))
        return found

    def states(self) -> tuple[QueueState, ...]:
        """Return how the queues are that have jobs or are held, by name."""
        alive = jobs.c.state.in_([JobState.WAITING, JobState.RUNNING, JobState.PARKED])
        counted = select(
            jobs.c.queue,
            jobs.c.state,
            func.count().label("jobs"),
            func.sum(jobs.c.attempts).label("attempts"),
            func.min(jobs.c.due_at).label("oldest"),
        ).where(alive)
        rows = self._all(counted.group_by(jobs.c.queue, jobs.c.state))
        held = {row["queue"] for row in self._all(select(held_queues.c.queue))}
        found: dict[str, dict[str, object]] = {name: {"held": True} for name in held}
        for row in rows:
            told = found.setdefault(row["queue"], {})
            told[row["state"].value] = row["jobs"]
            if row["state"] is JobState.WAITING:
                told["oldest"], told["retries"] = row["oldest"], int(row["attempts"])
        return tuple(QueueState(queue=name, **found[name]) for name in sorted(found))  # type: ignore[arg-type]

    def waiting(self, queue: str, most: int) -> int:
        """Return how many jobs of a queue wait, counted up to `most`."""
        waits = (jobs.c.queue == queue) & (jobs.c.state == JobState.WAITING)
        some = select(jobs.c.id).where(waits).limit(most).subquery()
        return int(self._value(select(func.count()).select_from(some)))

    def hold(self, queue: str, now: datetime) -> None:
        """Let the jobs of a queue wait; what is under way goes on."""
        try:
            with self._connection.begin_nested():
                self._run(insert(held_queues).values(queue=queue, held_at=now))
        except AlreadyThere:
            return

    def let_go(self, queue: str, now: datetime) -> bool:
        """Let the jobs of a queue go on; False where it was not held."""
        gone = self._changed(delete(held_queues).where(held_queues.c.queue == queue)) > 0
        waits = (jobs.c.queue == queue) & (jobs.c.state == JobState.WAITING)
        early = datetime(1970, 1, 1, tzinfo=now.tzinfo)
        self._run(update(jobs).where(waits).values(told_at=early))  # the next sweep tells of them
        return gone


def _is(tenant_id: str, job_id: str) -> ColumnElement[bool]:
    return (jobs.c.tenant_id == tenant_id) & (jobs.c.id == job_id)
