"""`visavis up`: all services of one machine with one command; `visavis down` ends them."""

import os
import secrets
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from visavis.entry.cli.analysis import stated
from visavis.entry.cli.console import FAILED, complain, say
from visavis.entry.cli.processes import STOP_WITHIN_S, Fleet, Service

if TYPE_CHECKING:
    from visavis.core.settings import Settings
    from visavis.entry.cli.up_file import UpFile

TOKEN_BYTES = 32
FUSED_WORKERS, SPLIT_WORKERS = 2, 1
"""Workers where nobody says how many: all in one, or of each stage that looks at pictures."""

Data = Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of the deployment's data.")]


def up(
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Processes that analyse pictures; with --split, of each stage. "
            f"(default: {FUSED_WORKERS}, with --split {SPLIT_WORKERS})",
        ),
    ] = None,
    split: Annotated[
        bool, typer.Option("--split", help="Run the stages as services of their own.")
    ] = False,
    data: Data = None,
    host: Annotated[
        str | None, typer.Option(help="Address to serve at. (default: 127.0.0.1)")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port to serve at. (default: 8000)")] = None,
    status: Annotated[
        bool, typer.Option("--status", help="Only say what runs; exit code 1 = nothing.")
    ] = False,
) -> None:
    """Start all services of this machine: server, workers, log and gRPC.

    They need a broker, whose address `VISAVIS_JOBS__BROKER_URL` says. What dies is started again.
    Ctrl+C, SIGTERM or `visavis down` stops all of them.
    """
    from visavis.core.settings import load_settings
    from visavis.entry.cli.up_file import UpFile

    given = {"data": data, "server": stated({"host": host, "port": port})}
    settings = load_settings(**stated(given | {"jobs": {"split": True} if split else {}}))
    file = UpFile(settings.data)
    if status:
        _tell(file)
        return
    _require_broker(settings)
    count = workers or (SPLIT_WORKERS if settings.jobs.split else FUSED_WORKERS)
    environment = environment_of(settings, os.environ, count)
    with file.held(), _stopped_by_signals() as over:
        Fleet(groups_of(settings, count), environment, say, file.note).run(over)
    say("stopped")


def down(data: Data = None) -> None:
    """Stop what `visavis up` runs for this data folder, and wait until it has ended."""
    from visavis.core.settings import load_settings
    from visavis.entry.cli.up_file import UpFile, stop

    running = UpFile(load_settings(**stated({"data": data})).data).running()
    if running is None:
        say("nothing runs here")
        return
    groups = 4
    if not stop(running, groups * STOP_WITHIN_S):
        complain(f"process {running.pid} still finishes its work; look again in a minute")
        raise typer.Exit(FAILED)
    say("stopped")


def groups_of(settings: "Settings", workers: int) -> list[list[Service]]:
    """Return the services of a machine, in the order in which they start.

    Args:
        settings: Of the deployment.
        workers: Processes that analyse pictures, or of each stage.
    """
    queues = ("detect", "describe") if settings.jobs.split else ("pictures",)
    working = [_worker(queue, i, workers) for queue in queues for i in range(workers)]
    if settings.jobs.split:
        working.append(_worker("store", 0, 1))
    collecting = [Service("log", ("worker", "--queues", "log"))] if log_url(settings) else []
    calls = [Service("grpc", ("grpc",))]
    return [collecting, calls, working, [Service("api", ("serve",))]]


def environment_of(
    settings: "Settings", environment: Mapping[str, str], workers: int
) -> dict[str, str]:
    """Return what the services are told; secrets go this way, as command lines are for all to see.

    Args:
        settings: Of the deployment.
        environment: Of this process.
        workers: Processes that analyse pictures, or of each stage; they share the cores.
    """
    from visavis.vision.engines.onnx_engine import usable_cores

    token = settings.grpc.token.get_secret_value() or secrets.token_urlsafe(TOKEN_BYTES)
    told = {
        "VISAVIS_DATA": str(settings.data.absolute()),
        "VISAVIS_SERVER__HOST": settings.server.host,
        "VISAVIS_SERVER__PORT": str(settings.server.port),
        "VISAVIS_JOBS__SPLIT": str(settings.jobs.split).lower(),
        "VISAVIS_GRPC__TOKEN": token,
        "VISAVIS_RUNTIME__WORKERS": str(
            settings.runtime.workers or max(1, usable_cores() // workers)
        ),
    }
    if settings.jobs.split:
        told["VISAVIS_GRPC__AGGREGATOR_URL"] = aggregator_url(settings)
    if url := log_url(settings):
        told |= {"VISAVIS_LOGS__URL": url, "VISAVIS_LOGS__COLLECT": "false"}
    return {**environment, **told}


def aggregator_url(settings: "Settings") -> str:
    """Return where the parts of results meet: the gRPC server of this machine, unless one is set.

    Raises:
        InvalidSettings: nobody could know the server's port.
    """
    from visavis.core.errors import InvalidSettings

    options = settings.grpc
    if options.aggregator_url:
        return options.aggregator_url
    if not options.port:
        raise InvalidSettings("services have to know where parts meet: set VISAVIS_GRPC__PORT")
    anywhere = options.host in {"0.0.0.0", "::", ""}  # noqa: S104  # named, not bound
    host = "127.0.0.1" if anywhere else options.host
    scheme = "grpcs" if options.tls_cert else "grpc"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{options.port}"


def log_url(settings: "Settings") -> str:
    """Return where the lines of all processes meet; empty = each keeps its own."""
    broker = settings.jobs.broker_url
    return settings.logs.url or (broker if broker.startswith(("redis://", "rediss://")) else "")


def _worker(queue: str, number: int, of: int) -> Service:
    name = f"{queue}-{number + 1}" if of > 1 else queue
    return Service(name, ("worker", "--queues", queue))


def _require_broker(settings: "Settings") -> None:
    """Refuse to start services that could not tell each other of jobs."""
    from visavis.core.errors import InvalidSettings

    if not settings.jobs.broker_url:
        raise InvalidSettings(
            "services need a broker: set VISAVIS_JOBS__BROKER_URL to redis://HOST:PORT/0 or "
            "amqp://HOST:PORT; without one `visavis serve` does everything in one process"
        )


def _tell(file: "UpFile") -> None:
    """Say what runs."""
    running = file.running()
    if running is None:
        say("nothing runs here")
        raise typer.Exit(FAILED)
    typer.echo(f"up\t{running.pid}")
    for each in running.services:
        again = f"\tstarted {each.starts} times" if each.starts > 1 else ""
        typer.echo(f"{each.name}\t{each.pid or 'starts again in a moment'}{again}")


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """Give an event that SIGINT and SIGTERM set."""
    over, signals = threading.Event(), (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: over.set()) for number in signals}
    try:
        yield over
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
