"""`visavis jobs`: pictures that are analysed later, and how far that is."""

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visavis.entry.cli.console import Roof, printable, say
from visavis.entry.cli.opening import (
    Data,
    Json,
    User,
    acting_for,
    opened,
    print_json,
    settings_of,
)
from visavis.store.kinds import JobState

if TYPE_CHECKING:
    from visavis.store.job_queues import QueueState
    from visavis.store.jobs import Job

app = typer.Typer(no_args_is_help=True, help="Have pictures analysed later; see and steer jobs.")

Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Which jobs; see `list`.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Which queue; see `queues`.")]

_SHOWN = (
    *("id", "kind", "queue", "state", "priority", "progress", "total", "attempts", "error"),
    *("result", "batch_id", "owner_id", "trace", "created_at", "due_at", "started_at", "ended_at"),
)
_QUEUE = ("queue", "waiting", "running", "parked", "retries", "oldest", "held")


@app.command("list")
def list_(
    ctx: typer.Context,
    state: Annotated[
        list[JobState] | None, typer.Option(help="Only in this state; may be given again.")
    ] = None,
    batch: Annotated[str | None, typer.Option(metavar="ID", help="Only of this batch.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Most jobs, the newest ones.")] = 50,
    user: User = "",
    json: Json = False,
    data: Data = None,
) -> None:
    """List the newest jobs."""
    with closing(opened(ctx, data)) as records:
        actor = acting_for(records, user)
        page = records.jobs.page(actor, limit, states=state or (), batch_id=batch)
    if json:
        print_json({"jobs": [_told(job) for job in page.items], "more": page.next is not None})
        return
    for job in page.items:
        typer.echo(_line(job))


@app.command()
def show(
    ctx: typer.Context,
    job_id: Annotated[str, typer.Argument(metavar="ID", help="Which job; see `list`.")],
    user: User = "",
    json: Json = False,
    data: Data = None,
) -> None:
    """Tell all about a job."""
    with closing(opened(ctx, data)) as records:
        told = _told(records.jobs.find(acting_for(records, user), job_id))
    if json:
        print_json(told)
        return
    for name, value in told.items():
        if value not in ("", None, {}):
            typer.echo(f"{name:>10}  {printable(str(value))}")


@app.command()
def submit(
    ctx: typer.Context,
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Pictures, folders (recursive) or globs."),
    ],
    features: Annotated[
        str, typer.Option(metavar="LIST", help="What to find; see `visavis analyze`.")
    ] = "all",
    priority: Annotated[int, typer.Option(min=0, max=9, help="0 comes first, 9 last.")] = 5,
    wait: Annotated[
        bool,
        typer.Option(
            "--wait",
            help="Return when all of them ended. Where no broker is set, this command does the "
            "jobs itself, beside the server if there is one.",
        ),
    ] = False,
    user: User = "",
    json: Json = False,
    data: Data = None,
) -> None:
    """Have pictures analysed later; from here on none of them can be lost.

    The server or a worker does it. What came of them is in `visavis results` and on the page
    Results; pictures that cannot be used are parked with their reason.

    Exit code 0 when something was taken (with --wait: done), 2 when nothing could be used.
    """
    from visavis.entry.cli import jobs_submitting

    roof: Roof = ctx.obj
    order = jobs_submitting.Order(paths, features, priority, wait=wait, json=json)
    raise typer.Exit(jobs_submitting.run(roof, settings_of(data), user, order))


@app.command()
def cancel(ctx: typer.Context, job_ids: Ids, user: User = "", data: Data = None) -> None:
    """End jobs that wait, and have those that run stop."""
    with closing(opened(ctx, data)) as records:
        actor = acting_for(records, user)
        for job_id in job_ids:
            typer.echo(_line(records.jobs.cancel(actor, job_id)))


@app.command()
def retry(ctx: typer.Context, job_ids: Ids, user: User = "", data: Data = None) -> None:
    """Let jobs that are parked or cancelled begin anew."""
    with closing(opened(ctx, data)) as records:
        actor = acting_for(records, user)
        for job_id in job_ids:
            typer.echo(_line(records.jobs.requeue(actor, job_id)))


@app.command()
def queues(ctx: typer.Context, user: User = "", json: Json = False, data: Data = None) -> None:
    """List the queues with what waits in them, of all organisations together."""
    with closing(opened(ctx, data)) as records:
        found = records.jobs.queues(acting_for(records, user))
    if json:
        print_json({"queues": [{name: getattr(each, name) for name in _QUEUE} for each in found]})
        return
    for each in found:
        typer.echo(_queue_line(each))


@app.command()
def pause(ctx: typer.Context, name: Name, user: User = "", data: Data = None) -> None:
    """Let the jobs of a queue wait, of all organisations; those under way are finished."""
    with closing(opened(ctx, data)) as records:
        records.jobs.hold(acting_for(records, user), name)
    say(f"{name} is paused")


@app.command()
def resume(ctx: typer.Context, name: Name, user: User = "", data: Data = None) -> None:
    """Let the jobs of a queue go on."""
    with closing(opened(ctx, data)) as records:
        records.jobs.let_go(acting_for(records, user), name)
    say(f"{name} goes on")


def _told(job: "Job") -> dict[str, Any]:
    return {name: getattr(job, name) for name in _SHOWN}


def _line(job: "Job") -> str:
    said = job.error
    if job.state is JobState.DONE:
        said = f"{job.result.get('faces', 0)} faces, {job.result.get('sha256', '')}"
    at = f"{job.created_at:%Y-%m-%d %H:%M:%S}"
    return printable(f"{job.id}  {job.state:<9}  {at}  {said}").rstrip()


def _queue_line(each: "QueueState") -> str:
    held = "  paused" if each.held else ""
    figures = f"{each.waiting} waiting, {each.running} running, {each.parked} parked"
    return f"{each.queue:<10} {figures}{held}"
