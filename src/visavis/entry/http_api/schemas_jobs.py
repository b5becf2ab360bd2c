"""The wire, jobs: work that takes time, and the queues where it waits."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Header, Path, Query
from pydantic import Field

from visavis.entry.http_api.schemas import FailedPicture
from visavis.entry.http_api.schemas_attributes import Schema
from visavis.store.job_queues import QueueState
from visavis.store.jobs import Job as Row
from visavis.store.kinds import ENDED, JobState
from visavis.usecases import jobs

_KEY = r"^[!-~]{1,80}$"
_ID = "^[0-9a-f]{32}$"

IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=_KEY,
        description="given again within the time that jobs are remembered, it answers the jobs of "
        "the first time; 1 to 80 visible characters",
    ),
]
LastEventId = Annotated[
    str | None,
    Header(max_length=100, description="`id` of the last event that came, to go on after it"),
]
QueueName = Annotated[str, Path(pattern="^[a-z]{1,32}$", description="name of a queue")]
States = Annotated[
    list[JobState] | None, Query(alias="state", description="only jobs in one of these states")
]
OfKind = Annotated[
    str | None, Query(pattern="^[a-z_.]{1,64}$", description="only jobs of this kind")
]
OfBatch = Annotated[str | None, Query(pattern=_ID, description="only jobs of this batch")]


class Job(Schema):
    """Work that was asked for."""

    id: str
    kind: str = Field(description="what is done, such as `analyze`")
    queue: str = Field(description="where it waits")
    state: JobState
    priority: int = Field(ge=0, le=9, description="0 comes first, 9 last")
    progress: int = Field(ge=0, description="steps done")
    total: int = Field(ge=0, description="steps there are, as far as one knows")
    attempts: int = Field(ge=0, description="how often it was begun")
    cancel_asked: bool = Field(description="whether it is about to be cancelled")
    error: str | None = Field(description="why it did not work the last time; null = it did")
    sha256: str | None = Field(description="of the picture it is about; null = about none")
    result: dict[str, Any] = Field(
        description="what came of it: of a picture `sha256`, which names the result, and `faces`"
    )
    batch_id: str | None = Field(description="with what else it was asked for")
    owner_id: str | None = Field(description="which user asked for it; null = nobody did")
    trace: str | None = Field(description="id of the trace in which it was asked for")
    created_at: datetime
    due_at: datetime = Field(description="not begun before; after a failure the next try")
    started_at: datetime | None = Field(description="when it was begun last")
    ended_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether nothing happens to it by itself any more."""
        return self.state in ENDED


class JobPage(Schema):
    """A part of the list, newest first."""

    items: list[Job]
    next: str | None = Field(description="the cursor of the part that follows; null = the last")


class AcceptedPicture(Schema):
    """A picture that cannot be lost any more."""

    id: str = Field(description="of its job")
    state: JobState
    sha256: str = Field(description="of the picture as it was sent; the name of its result")
    name: str = Field(description="the file name as sent; the job itself does not tell it")


class Accepted(Schema):
    """Pictures that were taken."""

    batch_id: str
    jobs: list[AcceptedPicture] = Field(description="in the order sent")
    failures: list[FailedPicture] = Field(description="those that were not taken")


class StateCounts(Schema):
    """How many jobs are in each state."""

    waiting: int = Field(ge=0)
    running: int = Field(ge=0)
    done: int = Field(ge=0)
    parked: int = Field(ge=0)
    cancelled: int = Field(ge=0)


class Batch(Schema):
    """How far jobs are that were asked for together."""

    batch_id: str
    counts: StateCounts
    total: int = Field(ge=1)
    progress: float = Field(ge=0, le=1, description="share of them that ended")
    is_over: bool = Field(description="whether all of them ended")


class Queue(Schema):
    """Where jobs of all organisations wait for who does them."""

    name: str
    waiting: int = Field(ge=0)
    running: int = Field(ge=0)
    parked: int = Field(ge=0)
    retries: int = Field(ge=0, description="times that jobs which wait now were begun before")
    oldest_at: datetime | None = Field(
        description="since when the one that waits longest could have begun; null = none waits"
    )
    paused: bool


class Queues(Schema):
    """All queues, by name."""

    items: list[Queue]


def of_job(row: Row) -> Job:
    """Return a job as it is told; never what it is made of, nor who works on it."""
    return Job(
        id=row.id,
        kind=row.kind,
        queue=row.queue,
        state=row.state,
        priority=row.priority,
        progress=row.progress,
        total=row.total,
        attempts=row.attempts,
        cancel_asked=row.cancel_asked and row.state not in ENDED,
        error=row.error or None,
        sha256=row.payload.get("sha256"),
        result=dict(row.result),
        batch_id=row.batch_id or None,
        owner_id=row.owner_id or None,
        trace=row.trace or None,
        created_at=row.created_at,
        due_at=row.due_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )


def of_batch(state: jobs.BatchState) -> Batch:
    """Return a batch as it is told."""
    counts = {each.value: state.counts.get(each, 0) for each in JobState}
    ended = sum(state.counts.get(each, 0) for each in ENDED)
    return Batch(
        batch_id=state.batch_id,
        counts=StateCounts(**counts),
        total=state.total,
        progress=round(ended / state.total, 4),
        is_over=state.is_over,
    )


def of_queue(state: QueueState) -> Queue:
    """Return a queue as it is told."""
    return Queue(
        name=state.queue,
        waiting=state.waiting,
        running=state.running,
        parked=state.parked,
        retries=state.retries,
        oldest_at=state.oldest,
        paused=state.held,
    )
