"""The command line: one file per noun; work is loaded when a command runs, never for `--help`."""

from typing import Annotated

import typer

from visavis import __version__
from visavis.entry.cli import (
    admin,
    analysis,
    audit,
    backup,
    calibrate,
    demo,
    doctor,
    evaluate,
    grpc,
    harmonize,
    index,
    jobs,
    keys,
    logs,
    models,
    privacy,
    recognition,
    results,
    serve,
    train,
    up,
    vault,
    worker,
)
from visavis.entry.cli.console import Commands

app = typer.Typer(
    name="visavis",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Find, measure and compare faces on your own machine.",
)
app.command("analyze")(analysis.analyze)
app.command("enroll")(recognition.enroll)
app.command("recognize")(recognition.recognize)
app.command("verify")(recognition.verify)
app.command("calibrate")(calibrate.calibrate)
app.command("serve")(serve.serve)
app.command("worker")(worker.worker)
app.command("up")(up.up)
app.command("down")(up.down)
app.command("grpc")(grpc.grpc)
app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)
app.command("logs")(logs.logs)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.add_typer(models.app, name="models")
app.add_typer(admin.app, name="admin")
app.add_typer(keys.app, name="keys")
app.add_typer(privacy.app, name="privacy")
app.add_typer(audit.app, name="audit")
app.add_typer(vault.app, name="vault")
app.add_typer(jobs.app, name="jobs")
app.add_typer(results.app, name="results")
app.add_typer(index.app, name="index")
app.add_typer(harmonize.app, name="harmonize")
app.add_typer(evaluate.app, name="evaluate")
app.add_typer(train.app, name="train")


def _version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        typer.echo(f"visavis {__version__}")
        raise typer.Exit


@app.callback()
def main(
    log_level: Annotated[
        str, typer.Option(metavar="LEVEL", help="Lowest level logged: debug, info, warning, error.")
    ] = "warning",
    version: Annotated[  # noqa: ARG001  # its callback does the work
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Set up logging before any command."""
    from visavis.core import log

    log.configure(log_level)
