"""Serves an application with uvicorn until it is told to stop."""

import signal
import socket
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from visavis.core.errors import Unavailable
from visavis.core.settings import ServerOptions
from visavis.entry.http_api.patience import PatientProtocol

STOP_WITHIN_S = 20
"""How long requests in progress may take to finish after a stop signal."""


def serve(
    app: ASGIApp, options: ServerOptions, listening: Callable[[str], None] | None = None
) -> None:
    """Serve until SIGINT or SIGTERM, then let requests in progress finish.

    Args:
        app: The application.
        options: Where to listen, and which proxies to believe.
        listening: Called with the address, such as `http://127.0.0.1:8000`, once the port is open.

    Raises:
        Unavailable: the address cannot be listened on.
    """
    with listen(options.host, options.port) as sock:
        if listening is not None:
            listening(_address(sock, options.host))
        server = build(app, options.proxies)
        with _stops(server):
            server.run(sockets=[sock])


@contextmanager
def _stops(server: uvicorn.Server) -> Iterator[None]:
    """Let signals stop the server and nothing else.

    The server repeats each signal it took once it has stopped, for the handler that stood before;
    with the default one the process would end there, and whoever called `serve` could not clean up.
    """
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in signals}
    try:
        for number in signals:
            signal.signal(number, lambda *_: setattr(server, "should_exit", True))
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def build(app: ASGIApp, proxies: Collection[str] = ()) -> uvicorn.Server:
    """Return a server for `app` that writes no access log: paths and addresses are personal.

    Args:
        app: The application.
        proxies: Addresses of proxies whose word about who asks is believed; nobody else's is.
    """
    return uvicorn.Server(
        uvicorn.Config(
            app,
            access_log=False,
            http=PatientProtocol,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=list(proxies),
            log_config=None,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=STOP_WITHIN_S,
        )
    )


def listen(host: str, port: int) -> socket.socket:
    """Open the port before anything starts, so that a taken port is one clear sentence.

    Raises:
        Unavailable: the address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as exc:
        raise Unavailable(
            f"cannot listen on {host}:{port} ({exc.strerror or exc}); choose another port"
        ) from exc


def _address(sock: socket.socket, host: str) -> str:
    """Return what to type into a browser on this machine."""
    name = "localhost" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104  # shown, not bound
    return f"http://{f'[{name}]' if ':' in name else name}:{sock.getsockname()[1]}"
