"""How soon a promoted head answers under sixteen clients, and whether any request fails."""

import http.client
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import onnx

from scripts.bench.figures import Figure, Missing
from scripts.bench.ground import Ground
from scripts.bench.server import serving
from visavis.core.attributes import Head
from visavis.core.errors import WeightsCorrupt
from visavis.lab.heads.registry import HeadRegistry
from visavis.vision.heads.card import METADATA_KEY, read_card
from visavis.vision.heads.shelf import BUNDLED

CLIENTS = 16
ROUNDS = 5
MOST_S = 5.0
PATIENCE_S = 60.0
BOUNDARY = "visavis-bench"
URL = "/api/v1/analyze?features=gender"


def measure(ground: Ground) -> Iterator[Figure]:
    """Promote and roll back under load; wait each time until every client was answered anew."""
    source = _bundled()
    picture = min(ground.path("london").glob("*/neutral.jpg")).read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        registry = HeadRegistry(data / "heads")
        for version in ("bench-1", "bench-2"):
            registry.add(_copy(source, data, version))
        _promote(registry, "bench-1")
        with serving(ground.settings, data) as server, _load(server.port, picture) as load:
            load.until_all("bench-1")
            took: dict[str, list[tuple[float, float]]] = {"promote": [], "rollback": []}
            for _ in range(ROUNDS):
                took["promote"].append(load.timed("bench-2", lambda: _promote(registry, "bench-2")))
                took["rollback"].append(load.timed("bench-1", lambda: _rollback(registry)))
    for what, seconds in took.items():
        yield _figure(what, seconds, load)


def _figure(what: str, took: list[tuple[float, float]], load: "_Load") -> Figure:
    first, every = (max(column) for column in zip(*took, strict=True))
    return Figure(
        f"{what} under {CLIENTS} concurrent clients: until the other file answers",
        f"≤ {MOST_S:g} s; 0 failed requests",
        f"{first:.2f} s at most of {len(took)}, {every:.2f} s until it has answered every client; "
        f"{len(load.errors)} failed of {load.answers} requests in all",
        first <= MOST_S and not load.errors,
        {"first_and_all_s": took, "answers": load.answers, "errors": load.errors},
    )


@dataclass
class _Load:
    """Clients that ask again at once, and what they were answered.

    Attributes:
        port: Where the server listens.
        body: The request.
        seen: The version each client was answered by last.
        answers: How many there were.
        errors: What failed.
    """

    port: int
    body: bytes
    seen: dict[int, str] = field(default_factory=dict)
    answers: int = 0
    errors: list[str] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)
    stopped: bool = False

    def timed(self, version: str, act: Callable[[], None]) -> tuple[float, float]:
        """Return the seconds from the end of `act` until the first, and every, client sees it."""
        act()
        started = time.perf_counter()
        self._until(lambda: version in self.seen.values(), version)
        first = time.perf_counter() - started
        self.until_all(version)
        return first, time.perf_counter() - started

    def until_all(self, version: str) -> None:
        self._until(lambda: [*self.seen.values()] == [version] * CLIENTS, version)

    def _until(self, done: Callable[[], bool], version: str) -> None:
        with self.changed:
            if not self.changed.wait_for(done, PATIENCE_S):
                raise Missing(f"{version} does not answer; {self.errors[:1]}")

    def ask(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        while not self.stopped:
            version = self._answer(connection)
            with self.changed:
                self.answers += 1
                self.seen[number] = version
                self.changed.notify_all()

    def _answer(self, connection: http.client.HTTPConnection) -> str:
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        try:
            connection.request("POST", URL, self.body, headers)
            answer = connection.getresponse()
            found = json.loads(answer.read())
            version: str = found["results"][0]["faces"][0]["gender"]["version"]
        except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError) as exc:
            connection.close()
            self.errors.append(repr(exc))
            return ""
        return version


@contextmanager
def _load(port: int, picture: bytes) -> Iterator[_Load]:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="me.jpg"\r\n'
    body = f"{head}Content-Type: image/jpeg\r\n\r\n".encode() + picture
    load = _Load(port, body + f"\r\n--{BOUNDARY}--\r\n".encode())
    threads = [threading.Thread(target=load.ask, args=(i,)) for i in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.stopped = True
        for thread in threads:
            thread.join()


def _bundled() -> Path:
    """Return the bundled file that answers the question asked here."""
    for path in sorted(BUNDLED.glob("*.onnx")):
        try:
            if Head.GENDER in read_card(path).heads:
                return path
        except WeightsCorrupt:
            continue
    raise Missing("no bundled head file answers gender")


def _copy(source: Path, folder: Path, version: str) -> Path:
    """Write a head file again under another name."""
    model = onnx.load(str(source))
    card = read_card(source).model_copy(update={"version": version})
    del model.metadata_props[:]
    model.metadata_props.add(key=METADATA_KEY, value=card.model_dump_json())
    path = folder / f"{version}.onnx"
    onnx.save(model, str(path))
    return path


def _promote(registry: HeadRegistry, version: str) -> None:
    registry.promote(version, [Head.GENDER], reason="bench", by="bench", force=True)


def _rollback(registry: HeadRegistry) -> None:
    registry.rollback(Head.GENDER, reason="bench", by="bench")
