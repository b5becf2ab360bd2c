"""Sending pictures as jobs from the command line, and waiting for them with a bar."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from visavis.core.settings import Settings
from visavis.core.trace import current_trace
from visavis.core.types import Source
from visavis.entry.cli.console import BAD_INPUT, DONE, Roof, say, stderr
from visavis.entry.cli.inputs import Item, gather
from visavis.entry.cli.opening import acting_for, print_json
from visavis.entry.services import Records
from visavis.store.jobs import Job
from visavis.store.kinds import ENDED, JobState
from visavis.store.repository import new_id
from visavis.usecases.actor import Actor

AT_ONCE = 16
"""Pictures that are read and sent together."""

LOOK_EVERY_S = 0.3


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asked for, see `jobs.submit`."""

    paths: Sequence[str]
    features: str
    priority: int
    wait: bool
    json: bool


@dataclass(slots=True)
class _Sent:
    """What was taken, and what was not.

    Attributes:
        batch_id: Of all that was taken.
        jobs: With the names of the files.
        refused: Names and reasons.
    """

    batch_id: str
    jobs: list[tuple[str, Job]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


def run(roof: Roof, settings: Settings, user: str, order: Order) -> int:
    """Send pictures, wait for them if that is asked for; return the exit code.

    Raises:
        VisavisError: nobody may send them, or too many jobs wait.
    """
    items = gather(order.paths)
    with closing(roof.records(settings)) as records:
        actor = acting_for(records, user)
        does_it = order.wait and not settings.jobs.broker_url
        with roof.doing(settings, records) if does_it else nullcontext():
            sent = _send(records, actor, items, order)
            if order.wait and sent.jobs:
                _await(records, actor, sent.batch_id, quiet=order.json)
        if order.wait:
            sent.jobs = [(name, records.jobs.find(actor, job.id)) for name, job in sent.jobs]
    _tell(sent, order)
    good = [job for _, job in sent.jobs if not order.wait or job.state is JobState.DONE]
    return DONE if good else BAD_INPUT


def _send(records: Records, actor: Actor, items: Sequence[Item], order: Order) -> _Sent:
    features = records.privacy.features(actor, [order.features])
    sent = _Sent(new_id())
    sources = _sources(items, records.ground.settings.images.max_bytes, sent)
    while some := list(islice(sources, AT_ONCE)):
        made = records.picture_jobs.submit(
            actor,
            some,
            features,
            priority=order.priority,
            batch_id=sent.batch_id,
            trace=current_trace(),
        )
        sent.jobs += [(source.name, job) for source, job in zip(some, made, strict=True)]
    return sent


def _sources(items: Sequence[Item], max_bytes: int, sent: _Sent) -> Iterator[Source]:
    """Read files when their turn comes; those that cannot be sent are noted."""
    for item in items:
        try:
            with item.path.open("rb") as file:
                data = file.read(max_bytes + 1)
        except OSError as exc:
            sent.refused.append((item.name, f"cannot be read: {exc.strerror or exc}"))
            continue
        if len(data) > max_bytes:
            reason = f"is larger than the {max_bytes} bytes allowed; send a smaller one"
            sent.refused.append((item.name, reason))
        else:
            yield Source(item.name, data)


def _await(records: Records, actor: Actor, batch_id: str, *, quiet: bool) -> None:
    """Wait until nothing of a batch waits or runs; a bar on a terminal shows how far it is."""
    console = stderr()
    columns = (TextColumn("analysing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    hidden = quiet or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        bar = progress.add_task("analysing")
        while True:
            state = records.jobs.batch(actor, batch_id)
            ended = sum(state.counts.get(each, 0) for each in ENDED)
            progress.update(bar, completed=ended, total=state.total)
            if state.is_over:
                return
            time.sleep(LOOK_EVERY_S)


def _tell(sent: _Sent, order: Order) -> None:
    """Say what was taken and what came of it."""
    for name, reason in sent.refused:
        say(f"not sent: {name} {reason}", style="red")
    if order.json:
        failures = [{"name": name, "reason": reason} for name, reason in sent.refused]
        jobs = [_told(name, job) for name, job in sent.jobs]
        print_json({"batch_id": sent.batch_id, "jobs": jobs, "failures": failures})
        return
    for name, job in sent.jobs:
        if job.state is JobState.PARKED:
            say(f"parked: {name}: {job.error}", style="red")
    typer.echo(sent.batch_id)
    counts = {state: sum(job.state is state for _, job in sent.jobs) for state in JobState}
    said = ", ".join(f"{number} {state}" for state, number in counts.items() if number)
    say(f"{len(sent.jobs)} jobs{f': {said}' if said else ''}, {len(sent.refused)} not sent")


def _told(name: str, job: Job) -> dict[str, Any]:
    return {
        "name": name,
        "id": job.id,
        "sha256": job.payload["sha256"],
        "state": job.state,
        "error": job.error or None,
        "faces": job.result.get("faces"),
    }
