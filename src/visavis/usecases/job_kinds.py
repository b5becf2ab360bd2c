"""What a job is to those who do it: a kind has a queue and a handler."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from visavis.core.errors import VisavisError
from visavis.store.jobs import Job
from visavis.store.work import Work


class JobCancelled(VisavisError):
    """Somebody wants the job to end, or it is somebody else's by now."""


class Run(Protocol):
    """One try at a job, as its handler sees it."""

    @property
    def job(self) -> Job:
        """What was asked for."""
        ...

    def report(self, progress: int, total: int) -> None:
        """Say how far it is.

        Raises:
            JobCancelled: nobody wants it any more; the handler stops there.
        """
        ...


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a job.

    Attributes:
        result: Ids and numbers, nothing personal.
        write: Writes it down, in the unit in which the job ends: all of it is kept or nothing, and
            nothing at all where somebody else has the job by now.
        after: Done when that is kept; again for nothing where the process is killed before.
    """

    result: Mapping[str, Any] = field(default_factory=dict)
    write: Callable[[Work], object] = lambda _work: None
    after: Callable[[], object] = lambda: None


@dataclass(frozen=True, slots=True)
class Again:
    """The job waits for something, and is begun again then; that is no failure.

    Attributes:
        due_at: When.
        why: One sentence where something is wrong; empty = nothing is.
        write: As of `Done`, in the unit in which it waits again.
        after: As of `Done`.
    """

    due_at: datetime
    why: str = ""
    write: Callable[[Work], object] = lambda _work: None
    after: Callable[[], object] = lambda: None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job.

    Attributes:
        name: What rows call it.
        queue: Where it waits.
        handle: Does it. `InvalidInput` and `NotAllowed` park the job with their sentence; anything
            else is tried again later.
        drop: Told of jobs that are removed, in the same unit; returns what to do after it.
    """

    name: str
    queue: str
    handle: Callable[[Run], Done | Again]
    drop: Callable[[Work, Job], Callable[[], object]] = lambda _work, _job: lambda: None


Told = Callable[[str, str, float], object]
"""Hears of one try at a job: its queue, `done` or `failed`, and the seconds it took."""


def timed(kind: Kind, told: Told) -> Kind:
    """Return a kind of whose every try somebody hears."""

    def handle(run: Run) -> Done | Again:
        begun, outcome = time.perf_counter(), "failed"
        try:
            done = kind.handle(run)
            outcome = "done"
            return done
        finally:
            told(kind.queue, outcome, time.perf_counter() - begun)

    return replace(kind, handle=handle)
