"""Two thousand pictures while everything that takes part is killed again and again.

Pictures come over HTTP, wait in the rows, are told of by a Redis that forgets all when it dies, go
through services that meet over gRPC, and end as results. Whoever sends a request sends it again
with the same key until it is answered. At the end every picture that was accepted has one result.
"""

import random
import shutil
import tempfile
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from scripts.bench.figures import Figure, Missing
from scripts.bench.fleet import VISAVIS, Fleet
from scripts.bench.ground import Ground
from scripts.bench.server import free_port
from scripts.bench.users import postgres_schema
from visavis.core.settings import load_settings
from visavis.core.types import Source
from visavis.entry.services import Records
from visavis.entry.wiring import open_records
from visavis.store.kinds import JobState
from visavis.store.results import EVERYTHING
from visavis.usecases.actor import Actor

PICTURES = 2000
WORKERS = 4
KILLS = {"worker": 200, "redis": 10, "grpc": 10, "api": 5}
AT_ONCE = 4
"""Pictures in one request."""

GAP_S = 2.5
"""Mean time from one kill to the next."""

FEATURES = "points,mesh,age,gender"
MOST_S = 3600.0
_QUICK = {
    "VISAVIS_JOBS__LEASE_S": "15",
    "VISAVIS_JOBS__SWEEP_S": "3",
    "VISAVIS_JOBS__SPLIT": "true",
    "VISAVIS_ACCOUNTS__LOGIN": "false",
    "VISAVIS_THROTTLE__PER_ADDRESS": "100000 per minute",
    "VISAVIS_THROTTLE__PER_KEY": "100000 per minute",
}


@dataclass
class Found:
    """What was there at the end.

    Attributes:
        accepted: Pictures that the API took.
        states: Their jobs by state.
        results: Rows of results.
        missing: Accepted pictures without a result.
        half: Results whose faces lack what one of the services finds.
        twice: Jobs that the same picture has more than once.
        waiting: Files that are still kept for jobs.
        retries: Times that jobs were begun more than once.
        seconds: How long it took.
    """

    accepted: int = 0
    states: Counter[str] = field(default_factory=Counter)
    results: int = 0
    missing: int = 0
    half: int = 0
    twice: int = 0
    waiting: int = 0
    retries: int = 0
    seconds: float = 0.0

    @property
    def is_whole(self) -> bool:
        """Return whether every picture has one result, and a whole one."""
        wanted = {JobState.DONE.value: self.accepted}
        faults = self.missing + self.half + self.twice + self.waiting
        return dict(self.states) == wanted and self.results == self.accepted and not faults


def measure(ground: Ground) -> Iterator[Figure]:
    """Run it on PostgreSQL, with a Redis of its own."""
    if shutil.which("redis-server") is None:
        raise Missing("there is no redis-server; install Debian's package redis-server")
    pictures = some_pictures(ground, PICTURES)
    with postgres_schema() as url, tempfile.TemporaryDirectory() as folder:
        found, kills = storm(ground, Path(folder), url, pictures, dict(KILLS))
    killed = ", ".join(f"{count} of {name}" for name, count in kills.items())
    yield Figure(
        f"{found.accepted:,} pictures, {WORKERS} workers, kill -9: {killed}",
        "exactly one result each; 0 lost, 0 duplicated, 0 half-merged",
        f"{found.results:,} results; {found.missing} lost, {found.twice} duplicated, "
        f"{found.half} half-merged; jobs {dict(found.states)}; {found.retries} begun again; "
        f"{found.waiting} files left; {found.seconds:.0f} s",
        found.is_whole and kills == KILLS,
        vars(found) | {"states": dict(found.states), "kills": kills},
    )


def some_pictures(ground: Ground, count: int) -> list[Source]:
    """Return different pictures of the test data, small ones of single people."""
    found: dict[bytes, Source] = {}
    for part in (("lfw_dev", "images.zip"), ("fairface", "val_dev.zip")):
        with zipfile.ZipFile(ground.path(*part)) as archive:
            for name in sorted(archive.namelist()):
                if len(found) == count:
                    return list(found.values())
                if name.endswith(".jpg"):
                    data = archive.read(name)
                    found.setdefault(data, Source(Path(name).name, data))
    raise Missing(f"there are {len(found)} pictures, not {count}")


def storm(
    ground: Ground, folder: Path, url: str, pictures: Sequence[Source], kills: dict[str, int]
) -> tuple[Found, dict[str, int]]:
    """Send pictures while processes are killed; return what is there when all is quiet."""
    redis, api, grpc = (free_port() for _ in range(3))
    environment = _QUICK | {
        "VISAVIS_DATA": str(folder / "data"),
        "VISAVIS_CACHE": str(ground.settings.cache),
        "VISAVIS_STORE__URL": url,
        "VISAVIS_JOBS__BROKER_URL": f"redis://127.0.0.1:{redis}/0",
        "VISAVIS_GRPC__PORT": str(grpc),
        "VISAVIS_GRPC__TOKEN": "a token of the bench alone, which nobody else knows",
        "VISAVIS_GRPC__AGGREGATOR_URL": f"grpc://127.0.0.1:{grpc}",
    }
    given = {"data": folder / "data", "store": {"url": url}, "accounts": {"login": False}}
    started = time.monotonic()
    with closing(open_records(load_settings(**given))) as records:
        owner = records.private.owner()
        with Fleet(folder, environment).kept() as fleet:
            _start(fleet, redis, api, grpc)
            sender = _Sender(f"http://127.0.0.1:{api}", pictures)
            sender.start()
            told = _kill(fleet, kills)
            sender.join()
            _await(records, owner, len(pictures))
        found = _look(records, owner, sender.accepted)
    found.seconds = time.monotonic() - started
    return found, told


def _start(fleet: Fleet, redis: int, api: int, grpc: int) -> None:
    server = ["redis-server", "--port", str(redis), "--bind", "127.0.0.1"]
    fleet.start("redis", [*server, "--save", "", "--appendonly", "no"])
    fleet.start("api", [*VISAVIS, "serve", "--port", str(api)])
    fleet.start("grpc", [*VISAVIS, "grpc", "--port", str(grpc)])
    for i in range(WORKERS):
        fleet.start(f"worker{i}", [*VISAVIS, "worker", "--queues", "detect,describe,store"])


def _kill(fleet: Fleet, kills: dict[str, int]) -> dict[str, int]:
    """Kill as often as is said, in an order that nobody knows."""
    chance = random.Random(20261122)
    order = [name for name, count in kills.items() for _ in range(count)]
    chance.shuffle(order)
    done: Counter[str] = Counter()
    for name in order:
        time.sleep(chance.expovariate(1 / GAP_S))
        fleet.kill(f"worker{chance.randrange(WORKERS)}" if name == "worker" else name)
        done[name] += 1
    return {name: done[name] for name in kills}


class _Sender(threading.Thread):
    """Sends pictures, a few in a request, each until it is answered."""

    def __init__(self, address: str, pictures: Sequence[Source]) -> None:
        super().__init__(name="sender", daemon=True)
        self._address, self._pictures = address, pictures
        self.accepted: list[str] = []

    def run(self) -> None:
        parts = [self._pictures[i : i + AT_ONCE] for i in range(0, len(self._pictures), AT_ONCE)]
        pause = GAP_S * sum(KILLS.values()) / (2 * len(parts))
        with httpx.Client(base_url=self._address, timeout=30) as client:
            for number, part in enumerate(parts):
                self.accepted += self._sent(client, part, f"chaos-{number}")
                time.sleep(pause)

    def _sent(self, client: httpx.Client, part: Sequence[Source], key: str) -> list[str]:
        files = [("files", (one.name, one.data, "image/jpeg")) for one in part]
        while True:
            try:
                answer = client.post(
                    "/api/v1/jobs",
                    params={"features": FEATURES},
                    files=files,
                    headers={"Idempotency-Key": key},
                )
            except httpx.TransportError:
                time.sleep(0.5)
                continue
            if answer.status_code == httpx.codes.ACCEPTED:
                return [job["sha256"] for job in answer.json()["jobs"]]
            time.sleep(0.5)


def _await(records: Records, owner: Actor, wanted: int) -> None:
    until = time.monotonic() + MOST_S
    while time.monotonic() < until:
        counts = records.jobs.counts(owner)
        alive = counts.get(JobState.WAITING, 0) + counts.get(JobState.RUNNING, 0)
        if not alive and sum(counts.values()) >= wanted:
            return
        time.sleep(1)


def _look(records: Records, owner: Actor, accepted: Sequence[str]) -> Found:
    found = Found(accepted=len(accepted))
    jobs = list(_all(lambda cursor: records.jobs.page(owner, 200, cursor)))
    found.states = Counter(job.state.value for job in jobs)
    found.retries = sum(max(0, job.attempts - 1) for job in jobs)
    found.twice = len(jobs) - len({job.payload["sha256"] for job in jobs})
    kept = {
        row.sha256
        for row in _all(lambda cursor: records.results.page(owner, EVERYTHING, 200, cursor))
    }
    found.results, found.missing = len(kept), len(set(accepted) - kept)
    found.half = sum(not _is_whole(records.results.document(owner, one)) for one in kept)
    with records.ground.store.reading() as work:
        uses = [work.blob_rows.uses_of_owner(owner.tenant_id, "job", job.id) for job in jobs]
    found.waiting = sum(map(len, uses))
    return found


def _is_whole(document: Any) -> bool:  # noqa: ANN401  # JSON
    """Return whether every face has what each of the services says of it, if only `unknown`."""
    faces = document["visavis"]["analysis"]["faces"]
    whole = all("mesh" in face and face["gender"] and face["age"] for face in faces)
    return whole and len(faces) == len(document["faces"]) == document["num_faces"]


def _all(page: Any) -> Iterator[Any]:  # noqa: ANN401  # of two nouns
    cursor = None
    while True:
        some = page(cursor)
        yield from some.items
        if some.next is None:
            return
        cursor = some.next
