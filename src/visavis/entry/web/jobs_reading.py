"""What the page of jobs shows at one moment, read in one go."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from visavis.credentials.roles import Permission
from visavis.entry.services import Records
from visavis.store.job_queues import QueueState
from visavis.store.jobs import Job
from visavis.store.kinds import JobState
from visavis.store.page import DEFAULT, MOST
from visavis.usecases.actor import Actor
from visavis.usecases.errors import NotFound
from visavis.usecases.jobs import BatchState

MOST_BATCHES = 5
"""Batches that are shown at once."""

_ACTIVE = (JobState.RUNNING, JobState.WAITING)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks at.

    Attributes:
        state: Only jobs in this state; None = all.
        shown: How many jobs.
        batches: Ids of batches that the page has shown before.
    """

    state: JobState | None = None
    shown: int = DEFAULT
    batches: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """How things are.

    Attributes:
        now: When.
        counts: Jobs in each state.
        jobs: The newest ones that are looked at.
        is_all: Whether there are no more of these.
        batches: How far batches are of which something goes on, or was shown before.
        queues: Of the deployment; none for those who do not run it.
    """

    now: datetime
    counts: Mapping[JobState, int]
    jobs: Sequence[Job]
    is_all: bool
    batches: Sequence[BatchState]
    queues: Sequence[QueueState]

    @property
    def is_busy(self) -> bool:
        """Whether anything waits or runs."""
        return any(self.counts.get(state) for state in _ACTIVE)


def read(records: Records, actor: Actor, wanted: Wanted) -> Seen:
    """Read what somebody looks at; blocks for some queries.

    Raises:
        NotAllowed: they may not.
    """
    states = [wanted.state] if wanted.state else []
    found: list[Job] = []
    cursor = None
    while len(found) < wanted.shown:
        most = min(MOST, wanted.shown - len(found))
        page = records.jobs.page(actor, most, cursor, states=states)
        found.extend(page.items)
        cursor = page.next
        if cursor is None:
            break
    queues = records.jobs.queues(actor) if actor.may(Permission.SETTINGS_READ) else ()
    return Seen(
        now=records.ground.clock(),
        counts=records.jobs.counts(actor),
        jobs=found,
        is_all=cursor is None,
        batches=_batches(records, actor, wanted.batches),
        queues=queues,
    )


def _batches(records: Records, actor: Actor, before: Collection[str]) -> list[BatchState]:
    """Return the batches that are shown: those from before first, then the newest active ones."""
    ids = dict.fromkeys(before)
    for state in _ACTIVE:
        page = records.jobs.page(actor, DEFAULT, states=[state])
        ids |= dict.fromkeys(job.batch_id for job in page.items if job.batch_id)
    found = []
    for batch_id in list(ids)[:MOST_BATCHES]:
        try:
            found.append(records.jobs.batch(actor, batch_id))
        except NotFound:  # its jobs were removed long after their end
            continue
    return [batch for batch in found if batch.total > 1]
