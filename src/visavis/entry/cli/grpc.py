"""`visavis grpc`: the gRPC services of one deployment."""

import contextlib
import signal
from pathlib import Path
from typing import Annotated

import typer

from visavis.entry.cli.analysis import stated
from visavis.entry.cli.console import Roof, say


def grpc(
    ctx: typer.Context,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on. (default: 127.0.0.1)")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; 0 takes a free one. (default: 50051)")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Everything the server writes lies under this folder."),
    ] = None,
    pack: Annotated[str | None, typer.Option(help="Which set of weights to use.")] = None,
) -> None:
    """Serve analysis and recognition over gRPC.

    Ctrl+C or SIGTERM ends it after the calls in progress are answered.
    """
    from visavis.core.settings import load_settings

    def listening(address: str) -> None:
        say(f"Visavis is at {address} (Ctrl+C ends it)", "bold")

    roof: Roof = ctx.obj
    given = {"data": data, "pack": pack, "grpc": stated({"host": host, "port": port})}
    settings = load_settings(**stated(given))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that both end the same way
    with contextlib.suppress(KeyboardInterrupt):
        roof.serve_grpc(settings, listening)
    say("stopped")
