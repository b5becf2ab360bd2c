"""A real server for HTTP tests: uvicorn on a free port, in a thread of its own."""

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import httpx
from fastapi import FastAPI

from visavis.core.settings import AccountOptions, Settings
from visavis.entry.http_api.app import create_app
from visavis.entry.http_api.server import build, listen
from visavis.entry.services import Services
from visavis.entry.wiring import open_people, open_records
from visavis.lab.heads.registry import HeadRegistry
from visavis.usecases.drift import Drift
from visavis.usecases.policy import Policy


@contextmanager
def running(app: FastAPI, proxies: Collection[str] = ()) -> Iterator[httpx.Client]:
    """Serve `app`; the port is open before the thread starts, so a client need not wait for it."""
    server = build(app, proxies)
    with listen("127.0.0.1", 0) as sock:
        thread = Thread(target=server.run, kwargs={"sockets": [sock]})
        thread.start()
        try:
            url = f"http://127.0.0.1:{sock.getsockname()[1]}"
            with httpx.Client(base_url=url, timeout=120) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(60)
            assert not thread.is_alive()


@contextmanager
def running_private(services: Services) -> Iterator[httpx.Client]:
    """Serve use cases on a private machine, where nobody logs in; its rows go with it."""
    with TemporaryDirectory() as data:
        own = {"data": Path(data), "accounts": AccountOptions(login=False)}
        settings = services.settings.model_copy(update=own)
        with (
            closing(open_records(settings)) as records,
            running(create_app(services, records, open_people(services, records))) as client,
        ):
            yield client


class Faulty:
    """Stands in for the use case to force a fault: does `act` for every picture."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self._act = act

    embedder = "dlib_resnet@1"

    def submit(self, *_: object, **__: object) -> Future[Any]:
        future: Future[Any] = Future()
        self._act()
        return future

    def result(self, future: Future[Any]) -> Any:
        return future.result()

    def problems(self) -> list[str]:
        return ["0 of 2 analysis workers are alive"]

    def waiting(self) -> int:
        return 7


def faulty_services(act: Callable[[], Any], settings: Settings) -> Services:
    """Bundle a `Faulty` use case with `settings`."""
    analyses: Any = Faulty(act)  # only what this door calls
    registry = HeadRegistry(settings.data / "heads")
    return Services(settings, analyses, Policy.of(settings.policy), Drift(dict), registry)


def portraits(shared_data: Path, count: int) -> list[Path]:
    """Return that many portraits of different people, one face each."""
    return sorted((shared_data / "london").glob("*/neutral.jpg"))[:count]
