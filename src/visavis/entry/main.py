"""The console entry: composes the doors and hands each command what it needs, loaded on demand."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from visavis.entry.cli import app
from visavis.entry.cli.console import Roof

if TYPE_CHECKING:
    from visavis.core.settings import Settings
    from visavis.entry.services import Services


def main() -> None:
    """Run the command line."""
    app(obj=Roof(build=_build, serve=_serve))


def _build(settings: "Settings") -> "Services":
    """Fetch weights that are missing, saying so, and build the use cases."""
    from visavis.entry.cli.weights_progress import ensure_pack
    from visavis.entry.wiring import build

    ensure_pack(settings)
    return build(settings)


def _serve(settings: "Settings", listening: Callable[[str], None]) -> None:
    """Serve the API and the pages until stopped, then finish the work in hand."""
    from visavis.entry.http_api.app import create_app
    from visavis.entry.http_api.server import serve
    from visavis.entry.web.app import mount

    services = _build(settings)
    try:
        services.analyses.warm_up()
        app = create_app(services)
        mount(app, services)
        serve(app, settings.server.host, settings.server.port, listening)
    finally:
        services.analyses.close()
