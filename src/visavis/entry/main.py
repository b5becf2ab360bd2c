"""The console entry: composes the doors and hands each command what it needs, loaded on demand."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from visavis.entry.cli import app
from visavis.entry.cli.console import Roof

if TYPE_CHECKING:
    from visavis.core.settings import Settings
    from visavis.entry.services import People, Records, Services


def main() -> None:
    """Run the command line."""
    roof = Roof(
        build=_build,
        serve=_serve,
        records=_records,
        people=_people,
        work=_work,
        doing=_doing,
        serve_grpc=_serve_grpc,
    )
    app(obj=roof)


def _build(settings: "Settings") -> "Services":
    """Fetch weights that are missing, saying so, and build the use cases."""
    from visavis.entry.wiring import build

    _ensure_pack(settings, needed=not settings.grpc.url)  # otherwise another machine has them
    return build(settings)


def _ensure_pack(settings: "Settings", *, needed: bool) -> None:
    """Fetch weights that are missing, saying so, where they are needed."""
    from visavis.entry.cli.weights_progress import ensure_pack

    if needed:
        ensure_pack(settings)


def _records(settings: "Settings") -> "Records":
    """Open what is kept: accounts, people, privacy."""
    from visavis.entry.wiring import open_records

    return open_records(settings)


def _people(services: "Services", records: "Records") -> "People":
    """Join pictures and people."""
    from visavis.entry.wiring import open_people

    return open_people(services, records)


def _serve(settings: "Settings", listening: Callable[[str], None]) -> None:
    """Serve the API and the pages until stopped, then finish the work in hand."""
    from visavis.entry.http_api.app import create_app
    from visavis.entry.http_api.server import serve
    from visavis.entry.web.app import mount
    from visavis.entry.wiring import observed, open_records
    from visavis.entry.wiring_work import open_work

    require_loopback(settings, settings.server.host)
    with closing(open_records(settings)) as records, observed(settings, records, "api"):
        services = _build(settings)
        try:
            services.analyses.warm_up()
            app = create_app(services, records, _people(services, records))
            mount(app, services, records)
            records.schedule.start()
            with ExitStack() as beside:
                if not settings.jobs.broker_url:  # otherwise workers do them
                    told = app.state.metrics.job
                    job_work = beside.enter_context(open_work(records, services, told=told))
                    beside.enter_context(job_work.going_on())
                serve(app, settings.server, partial(_told, records, listening))
        finally:
            services.analyses.close()


def _work(settings: "Settings", names: Sequence[str], begun: Callable[[], None]) -> None:
    """Do the jobs of some queues until stopped, then finish those that were begun."""
    from visavis.entry.wiring import observed, open_records
    from visavis.entry.wiring_work import open_work
    from visavis.entry.worker.service import work
    from visavis.usecases.log_keeping import open_collector
    from visavis.usecases.queues import DESCRIBE, DETECT, LOG, PICTURES, STORE

    queues, ones_own = set(names) - {LOG}, {DETECT, DESCRIBE, STORE, LOG}
    service = names[0] if len(names) == 1 and names[0] in ones_own else "worker"
    with ExitStack() as stack:
        records = stack.enter_context(closing(open_records(settings)))
        stack.enter_context(observed(settings, records, service))
        collect = open_collector(settings.logs, records.logs).run if LOG in names else None
        services = _build(settings) if PICTURES in queues else None
        if services is not None:
            stack.callback(services.analyses.close)
            services.analyses.warm_up()
        _ensure_pack(settings, needed=bool(queues & {DETECT, DESCRIBE}))
        job_work = stack.enter_context(open_work(records, services, queues))
        work(job_work, queues, collect, begun)


@contextmanager
def _doing(settings: "Settings", records: "Records") -> Iterator[None]:
    """Do jobs in this process meanwhile."""
    from visavis.entry.wiring_work import open_work

    services = _build(settings)
    with closing(services.analyses), open_work(records, services) as job_work, job_work.going_on():
        yield


def _serve_grpc(settings: "Settings", listening: Callable[[str], None]) -> None:
    """Serve gRPC until stopped, then finish the calls in progress; pictures are looked at here."""
    import os

    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # its lines are no JSON, and name callers
    from visavis.entry.grpc_api.server import GrpcServer, serve
    from visavis.entry.wiring import observed, open_records

    require_loopback(settings, settings.grpc.host)
    here = {"grpc": settings.grpc.model_copy(update={"url": ""})}
    settings = settings.model_copy(update=here)
    with closing(open_records(settings)) as records, observed(settings, records, "grpc"):
        services = _build(settings)
        try:
            services.analyses.warm_up()
            people = _people(services, records)
            given = services, records, people, records.aggregation
            serve(GrpcServer(settings.grpc, *given), listening)
        finally:
            services.analyses.close()


def _told(records: "Records", listening: Callable[[str], None], address: str) -> None:
    """Tell where the server listens; before that, where a new one is set up.

    The link goes to the terminal and into no log: whoever reads it becomes the owner.
    """
    from visavis.entry.cli.console import say

    if records.login and records.set_up.needed():
        link = records.set_up.link()
        if not records.ground.settings.server.site:  # the port may have been chosen just now
            link = address + link.removeprefix(records.ground.site)
        say(f"Nobody can log in yet. Open this link, it works once: {link}", "bold")
    listening(address)


def require_loopback(settings: "Settings", host: str) -> None:
    """Refuse to serve a network without logging in.

    Args:
        settings: Of the deployment.
        host: Where the server would listen.

    Raises:
        InvalidSettings: the server would listen on more than loopback.
    """
    from visavis.core.errors import InvalidSettings
    from visavis.usecases.private_machine import is_local

    if not settings.accounts.login and not is_local(host):
        raise InvalidSettings(
            "without logging in the server listens on this machine only, not on "
            f"{host}: leave the host at 127.0.0.1, or set "
            "VISAVIS_ACCOUNTS__LOGIN=true"
        )
