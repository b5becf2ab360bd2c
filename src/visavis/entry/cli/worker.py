"""`visavis worker`: a process that does jobs."""

from pathlib import Path
from typing import Annotated

import typer

from visavis.entry.cli.analysis import stated
from visavis.entry.cli.console import Roof, say


def worker(
    ctx: typer.Context,
    queues: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            help="Comma-separated: `pictures` analyses whole pictures; `detect`, `describe` and "
            "`store` are its stages, where they are services of their own; `log` collects lines "
            "of the log.",
        ),
    ] = "pictures",
    threads: Annotated[
        int | None, typer.Option(help="Jobs done at the same time. (default: as cores allow)")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the deployment's data.")
    ] = None,
) -> None:
    """Do the jobs of some queues until Ctrl+C or SIGTERM, then finish those that were begun.

    Any number of workers may run, here and on other machines: they share the database, the files
    and the broker that `VISAVIS_JOBS__BROKER_URL` names.
    """
    from visavis.core.settings import load_settings

    roof: Roof = ctx.obj
    names = [name.strip() for name in queues.split(",") if name.strip()]
    settings = load_settings(**stated({"data": data, "jobs": stated({"threads": threads})}))
    roof.work(settings, names, lambda: say(f"working on {', '.join(names)} (Ctrl+C ends it)"))
    say("stopped")
