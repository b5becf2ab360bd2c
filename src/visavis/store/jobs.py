"""Jobs of a tenant: the row is the truth of what was asked for and how far it is.

Whoever works on a job holds its lease, a word that is new each time. What they write at the end
counts only if they still hold it: somebody who was taken for dead writes nothing.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, insert, select, update

from visavis.store.kinds import ENDED, JobState
from visavis.store.page import DEFAULT, Page
from visavis.store.repository import Repository, columns_of, new_id
from visavis.store.tables.jobs import LONGEST_ERROR, jobs

_BEGUN = (JobState.RUNNING, JobState.DONE, JobState.PARKED)
"""States of jobs that had their turn."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """Work to be done.

    Attributes:
        kind: What is done.
        queue: Who does it.
        payload: What it needs to know; ids and choices, nothing personal.
        priority: 0 comes first, 9 last.
        due_at: Not before this time; None = at once.
        total: Steps that it has, as far as one knows.
        owner_id: Who asked for it; empty = the deployment itself.
        batch_id: With what else it was asked for; empty = with nothing.
        parent_id: Of which job it is a stage; empty = of none.
        once: A key under which it is made once only; None = every time.
        trace: Id of the trace in which it was asked for.
    """

    kind: str
    queue: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 5
    due_at: datetime | None = None
    total: int = 1
    owner_id: str = ""
    batch_id: str = ""
    parent_id: str = ""
    once: str | None = None
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """Work that was asked for; see `NewJob` for what it began with.

    Attributes:
        tenant_id: Whose.
        id: Its own.
        state: How far it is.
        turn: Its place among jobs of the same priority, see `JobQueues.next`.
        attempts: How often it was begun.
        told_at: When workers were last told of it.
        lease: Word of whoever works on it; empty = nobody does.
        lease_until: When they are taken for dead.
        cancel_asked: Whether somebody wants it to end.
        progress: Steps done.
        error: Why it did not work the last time, one sentence; empty = it did.
        result: What came of it; ids and numbers, nothing personal.
        created_at: When it was asked for.
        started_at: When it was begun last.
        ended_at: When it ended.
    """

    tenant_id: str
    id: str
    kind: str
    queue: str
    state: JobState
    priority: int
    turn: int
    attempts: int
    due_at: datetime
    told_at: datetime
    lease: str = field(repr=False)
    lease_until: datetime | None
    cancel_asked: bool
    progress: int
    total: int
    error: str
    owner_id: str
    batch_id: str
    parent_id: str
    once: str | None
    trace: str
    payload: Mapping[str, Any]
    result: Mapping[str, Any]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class Jobs(Repository):
    """The jobs of a tenant."""

    def add_all(self, tenant_id: str, asked: Sequence[NewJob], now: datetime) -> tuple[Job, ...]:
        """Write jobs down; all of one call are of the same queue and priority.

        Raises:
            AlreadyThere: there is one with the same `once`.
        """
        if not asked:
            return ()
        first = self._turn(tenant_id, asked[0].queue, asked[0].priority)
        made = [_made(tenant_id, one, first + i, now) for i, one in enumerate(asked)]
        self._run_all(insert(jobs), [columns_of(job) for job in made])
        return tuple(made)

    def find(self, tenant_id: str, job_id: str) -> Job | None:
        """Return a job."""
        return self._job(select(jobs).where(_is(tenant_id, job_id)))

    def find_once(self, tenant_id: str, once: str) -> Job | None:
        """Return the job that was made under a key."""
        this = (jobs.c.tenant_id == tenant_id) & (jobs.c.once == once)
        return self._job(select(jobs).where(this))

    def stages(self, tenant_id: str, parent_id: str) -> tuple[Job, ...]:
        """Return the stages of a job, the oldest first."""
        theirs = (jobs.c.tenant_id == tenant_id) & (jobs.c.parent_id == parent_id)
        rows = self._all(select(jobs).where(theirs).order_by(jobs.c.created_at, jobs.c.id))
        return tuple(Job(**row) for row in rows)

    def page(
        self,
        tenant_id: str,
        limit: int = DEFAULT,
        cursor: str | None = None,
        *,
        states: Collection[JobState] = (),
        kind: str | None = None,
        queue: str | None = None,
        batch_id: str | None = None,
    ) -> Page[Job]:
        """Return a part of the jobs, the newest first; stages of others are left out.

        Raises:
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        wanted = (jobs.c.tenant_id == tenant_id) & (jobs.c.parent_id == "")
        if states:
            wanted &= jobs.c.state.in_(states)
        given = ((jobs.c.kind, kind), (jobs.c.queue, queue), (jobs.c.batch_id, batch_id))
        for column, value in given:
            if value is not None:
                wanted &= column == value
        by = (jobs.c.created_at, jobs.c.id)
        return self._page(select(jobs).where(wanted), by, Job, limit, cursor)

    def counts(self, tenant_id: str, batch_id: str | None = None) -> dict[JobState, int]:
        """Return how many jobs are in each state, of a batch or of all; without stages."""
        wanted = (jobs.c.tenant_id == tenant_id) & (jobs.c.parent_id == "")
        if batch_id is not None:
            wanted &= jobs.c.batch_id == batch_id
        counted = select(jobs.c.state, func.count().label("jobs")).where(wanted)
        return {row["state"]: row["jobs"] for row in self._all(counted.group_by(jobs.c.state))}

    def report(self, tenant_id: str, job_id: str, lease: str, progress: int, total: int) -> bool:
        """Note how far a job is; False where somebody else works on it now."""
        values = {"progress": progress, "total": total}
        return self._changed(update(jobs).where(_held(tenant_id, job_id, lease)).values(values)) > 0

    def end(
        self,
        tenant_id: str,
        job_id: str,
        lease: str,
        state: JobState,
        now: datetime,
        *,
        result: Mapping[str, Any] | None = None,
        error: str = "",
    ) -> bool:
        """End a job; False where it is somebody else's by now, and nothing may be written for it.

        Args:
            tenant_id: Whose.
            job_id: Which.
            lease: Word of who worked on it.
            state: How it ended.
            now: When.
            result: What came of it.
            error: Why it did not work.
        """
        values: dict[str, Any] = _ended(state, now) | {"error": error[:LONGEST_ERROR]}
        if state is JobState.DONE:
            values |= {"progress": jobs.c.total, "result": dict(result or {})}
        return self._changed(update(jobs).where(_held(tenant_id, job_id, lease)).values(values)) > 0

    def put_back(
        self, tenant_id: str, job_id: str, lease: str, due_at: datetime, *, error: str = ""
    ) -> bool:
        """Let a job wait again; False where it is somebody else's by now."""
        values = _waiting(due_at) | {"error": error[:LONGEST_ERROR]}
        return self._changed(update(jobs).where(_held(tenant_id, job_id, lease)).values(values)) > 0

    def cancel(self, tenant_id: str, job_id: str, now: datetime) -> bool:
        """End a job that waits, or ask who works on it to stop; False where it has ended."""
        this = _is(tenant_id, job_id)
        waits = this & (jobs.c.state == JobState.WAITING)
        ended = _ended(JobState.CANCELLED, now)
        if self._changed(update(jobs).where(waits).values(ended)):
            return True
        runs = this & (jobs.c.state == JobState.RUNNING)
        return self._changed(update(jobs).where(runs).values(cancel_asked=True)) > 0

    def cancel_batch(self, tenant_id: str, batch_id: str, now: datetime) -> int:
        """Cancel all that has not ended of a batch; return how many jobs that concerned."""
        these = (jobs.c.tenant_id == tenant_id) & (jobs.c.batch_id == batch_id)
        these &= jobs.c.parent_id == ""
        ended = _ended(JobState.CANCELLED, now)
        waits = update(jobs).where(these, jobs.c.state == JobState.WAITING).values(ended)
        runs = update(jobs).where(these, jobs.c.state == JobState.RUNNING)
        return self._changed(waits) + self._changed(runs.values(cancel_asked=True))

    def requeue(self, tenant_id: str, job_id: str, now: datetime) -> bool:
        """Let a job that is parked or cancelled begin anew, in turn; False where it is neither."""
        job = self.find(tenant_id, job_id)
        if job is None:
            return False
        idle = jobs.c.state.in_([JobState.PARKED, JobState.CANCELLED])
        values = _waiting(now) | {"attempts": 0, "ended_at": None, "cancel_asked": False}
        values |= {"error": "", "progress": 0, "told_at": now}
        values |= {"turn": self._turn(tenant_id, job.queue, job.priority)}
        return self._changed(update(jobs).where(_is(tenant_id, job_id), idle).values(values)) > 0

    def hold(self, tenant_id: str, job_id: str) -> Job | None:
        """Return a job that nobody else changes until this unit ends."""
        return self._job(select(jobs).where(_is(tenant_id, job_id)).with_for_update())

    def make_due(self, tenant_id: str, job_id: str, now: datetime) -> bool:
        """Let a job that waits for something begin; False where it does not wait."""
        waits = _is(tenant_id, job_id) & (jobs.c.state == JobState.WAITING)
        return self._changed(update(jobs).where(waits).values(due_at=now, told_at=now)) > 0

    def park(self, tenant_id: str, job_id: str, now: datetime, error: str) -> bool:
        """Park a job that waits for something that will not come; False where it does not wait."""
        waits = _is(tenant_id, job_id) & (jobs.c.state == JobState.WAITING)
        values = _ended(JobState.PARKED, now) | {"error": error[:LONGEST_ERROR], "due_at": now}
        return self._changed(update(jobs).where(waits).values(values)) > 0

    def ended(self, tenant_id: str, before: datetime, limit: int = 200) -> tuple[Job, ...]:
        """Return some jobs that ended before a time, the oldest first."""
        over = jobs.c.state.in_(ENDED) & (jobs.c.ended_at < before)
        some = select(jobs).where((jobs.c.tenant_id == tenant_id) & over)
        rows = self._all(some.order_by(jobs.c.ended_at).limit(limit))
        return tuple(Job(**row) for row in rows)

    def remove(self, tenant_id: str, job_ids: Collection[str]) -> int:
        """Remove jobs; return how many there were."""
        named = (jobs.c.tenant_id == tenant_id) & jobs.c.id.in_(job_ids)
        return self._changed(delete(jobs).where(named)) if job_ids else 0

    def _job(self, statement: Select[Any]) -> Job | None:
        row = self._one(statement)
        return Job(**row) if row else None

    def _turn(self, tenant_id: str, queue: str, priority: int) -> int:
        """Return the turn of a tenant's next job: after their last, and not before anybody's.

        Start-time fair queueing (Goyal, Vin and Cheng, 1996): who has many jobs waiting takes turns
        with who has few, whoever comes again and again with one passes nobody, and turns are not
        gathered while one has none. What was cancelled is nobody's turn.
        """
        here = (jobs.c.queue == queue) & (jobs.c.priority == priority)
        waits = jobs.c.state == JobState.WAITING
        now = self._value(select(func.min(jobs.c.turn)).where(here, waits))
        begun = self._last_turn(here, _BEGUN)
        own = self._last_turn(here & (jobs.c.tenant_id == tenant_id), (JobState.WAITING, *_BEGUN))
        return max(now or 0, begun or 0, -1 if own is None else own + 1)

    def _last_turn(self, wanted: ColumnElement[bool], states: Iterable[JobState]) -> int | None:
        """Return the last turn in some states; an index answers each of them in one step."""
        last = select(func.max(jobs.c.turn))
        each = [last.where(wanted, jobs.c.state == state).scalar_subquery() for state in states]
        row = self._one(select(*(turn.label(f"turn_{i}") for i, turn in enumerate(each))))
        found = [turn for turn in row.values() if turn is not None] if row else []
        return max(found, default=None)


def _made(tenant_id: str, asked: NewJob, turn: int, now: datetime) -> Job:
    told = columns_of(asked) | {"due_at": asked.due_at or now, "payload": dict(asked.payload)}
    return Job(
        tenant_id=tenant_id,
        id=new_id(),
        state=JobState.WAITING,
        turn=turn,
        attempts=0,
        told_at=now,
        lease="",
        lease_until=None,
        cancel_asked=False,
        progress=0,
        error="",
        result={},
        created_at=now,
        started_at=None,
        ended_at=None,
        **told,
    )


def _is(tenant_id: str, job_id: str) -> ColumnElement[bool]:
    return (jobs.c.tenant_id == tenant_id) & (jobs.c.id == job_id)


def _held(tenant_id: str, job_id: str, lease: str) -> ColumnElement[bool]:
    running = (jobs.c.state == JobState.RUNNING) & (jobs.c.lease == lease)
    return _is(tenant_id, job_id) & running


def _waiting(due_at: datetime) -> dict[str, Any]:
    return {"state": JobState.WAITING, "lease": "", "lease_until": None, "due_at": due_at}


def _ended(state: JobState, now: datetime) -> dict[str, Any]:
    assert state in ENDED  # noqa: S101  # for whoever adds a state
    return {"state": state, "lease": "", "lease_until": None, "ended_at": now}
