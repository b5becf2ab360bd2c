"""`visavis serve`: the HTTP API and the web pages of one deployment."""

import contextlib
import signal
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from visavis.entry.cli.analysis import stated
from visavis.entry.cli.console import Roof, say


def serve(
    ctx: typer.Context,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on. (default: 127.0.0.1)")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; 0 takes a free one. (default: 8000)")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Everything the server writes lies under this folder."),
    ] = None,
    pack: Annotated[str | None, typer.Option(help="Which set of weights to use.")] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Serve the web page at /, the API at /api/v1 and its description at /docs.

    Ctrl+C or SIGTERM ends it after the requests in hand are answered.
    """
    from visavis.core.settings import load_settings

    def listening(address: str) -> None:
        say(f"Visavis is at {address} (API description at {address}/docs; Ctrl+C ends it)", "bold")
        if open_:
            webbrowser.open(address)

    roof: Roof = ctx.obj
    given = {"data": data, "pack": pack, "server": stated({"host": host, "port": port})}
    settings = load_settings(**stated(given))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that both end the same way
    with contextlib.suppress(KeyboardInterrupt):
        roof.serve(settings, listening)
    say("stopped")
