"""What it costs to let pictures wait: the queue against analysing at once, Redis, many clients."""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import httpx

from scripts.bench.chaos import some_pictures
from scripts.bench.figures import Figure, Missing
from scripts.bench.fleet import VISAVIS, Fleet
from scripts.bench.ground import Ground
from scripts.bench.server import free_port, serving
from scripts.bench.users import postgres_schema
from visavis.core.settings import load_settings
from visavis.core.types import Feature, Source
from visavis.entry.services import Records
from visavis.entry.wiring import open_records
from visavis.store.kinds import JobState
from visavis.usecases.analysis import Analyses, Analysis
from visavis.usecases.analysis_json import to_dict, to_json

PICTURES, QUEUED, CLIENTS = 500, 5000, 100
MOST_RATIO, MOST_MIB, MOST_MS = 1.15, 50.0, 100.0
FEATURES = frozenset({Feature.POINTS, Feature.MESH, Feature.AGE, Feature.GENDER})
ROUNDS = 3
"""Each way is gone in turn, so that a busy moment of the machine meets both."""

_PER_SECOND = 1.0
"""Pictures that each client sends in a second."""

_SENDS_FOR_S = 30


def measure(ground: Ground) -> Iterator[Figure]:
    """Measure all three on PostgreSQL, with a Redis of its own."""
    if shutil.which("redis-server") is None:
        raise Missing("there is no redis-server; install Debian's package redis-server")
    with postgres_schema() as url, tempfile.TemporaryDirectory() as folder:
        port = free_port()
        environment = {
            "VISAVIS_DATA": str(Path(folder) / "data"),
            "VISAVIS_CACHE": str(ground.settings.cache),
            "VISAVIS_STORE__URL": url,
            "VISAVIS_JOBS__BROKER_URL": f"redis://127.0.0.1:{port}/0",
            "VISAVIS_ACCOUNTS__LOGIN": "false",
        }
        given = {
            "data": Path(folder) / "data",
            "store": {"url": url},
            "jobs": {"broker_url": environment["VISAVIS_JOBS__BROKER_URL"]},
            "accounts": {"login": False},
        }
        with (
            closing(open_records(load_settings(**given))) as records,
            Fleet(Path(folder), environment).kept() as fleet,
        ):
            server = ["redis-server", "--port", str(port), "--bind", "127.0.0.1"]
            fleet.start("redis", [*server, "--save", "", "--appendonly", "no"])
            yield _memory(ground, records, port)
            yield _against_direct(ground, records, fleet)
        yield _many_clients(ground, environment)


def _against_direct(ground: Ground, records: Records, fleet: Fleet) -> Figure:
    """Compare one worker on the queue with the same work done at once, in turns."""
    sources = some_pictures(ground, PICTURES)
    fleet.start("worker", [*VISAVIS, "worker", "--queues", "pictures"])
    through_queue(records, sources[:20], "warm-up")
    list(ground.analyses.analyze(sources[:20], FEATURES, annotate=True))
    queued, direct = [], []
    part = len(sources) // ROUNDS
    for i in range(ROUNDS):
        some = sources[i * part : (i + 1) * part]
        direct.append(_at_once(ground.analyses, some))
        queued.append(through_queue(records, some, f"round {i}"))
    ratio = sum(queued) / sum(direct)
    each = part * ROUNDS
    return Figure(
        f"{each} pictures through the queue (Redis, one worker) against analysing them at once",
        f"≤ {MOST_RATIO:g} × the time",
        f"{ratio:.2f} ×: {1000 * sum(queued) / each:.0f} ms a picture, sealed results kept, "
        f"against {1000 * sum(direct) / each:.0f} ms with JSON and annotated picture written",
        ratio <= MOST_RATIO,
        {"ratio": ratio, "queued_s": queued, "direct_s": direct},
    )


def _at_once(analyses: Analyses, sources: Sequence[Source]) -> float:
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for each in analyses.analyze(sources, FEATURES, annotate=True):
            if isinstance(each, Analysis) and each.annotated:
                path = Path(folder) / each.sha256
                path.with_suffix(".json").write_bytes(to_json(to_dict(each, FEATURES)))
                path.with_suffix(".jpg").write_bytes(each.annotated)
    return time.perf_counter() - started


def through_queue(records: Records, sources: Sequence[Source], batch: str) -> float:
    """Have workers analyse pictures; return how long it took, seconds."""
    owner, started = records.private.owner(), time.perf_counter()
    for source in sources:
        records.picture_jobs.submit(owner, [source], FEATURES, batch_id=batch)
    while not records.jobs.batch(owner, batch).is_over:
        time.sleep(0.05)
    took = time.perf_counter() - started
    counts = records.jobs.batch(owner, batch).counts
    if counts != {JobState.DONE: len(sources)}:
        raise Missing(f"not all pictures were analysed: {counts}")
    return took


def _memory(ground: Ground, records: Records, port: int) -> Figure:
    """Let thousands of pictures wait while nobody works."""
    import redis

    owner = records.private.owner()
    (picture,) = some_pictures(ground, 1)
    with redis.Redis(port=port) as client:
        while not _answers(client):
            time.sleep(0.1)
        before = int(client.info("memory")["used_memory"])
        sources = [Source(f"{i}.jpg", picture.data + i.to_bytes(4, "big")) for i in range(QUEUED)]
        for start in range(0, QUEUED, 100):
            some = sources[start : start + 100]
            records.picture_jobs.submit(owner, some, FEATURES, batch_id="memory")
        took = (int(client.info("memory")["used_memory"]) - before) / 2**20
        client.flushall()
    for job in list(_waiting(records)):
        records.jobs.cancel(owner, job)
    return Figure(
        f"memory of Redis under {QUEUED:,} waiting pictures",
        f"≤ {MOST_MIB:g} MB",
        f"{took:.1f} MiB: {took * 2**20 / QUEUED:.0f} bytes a picture",
        took <= MOST_MIB,
        {"mib": took},
    )


def _answers(client: object) -> bool:
    import redis

    try:
        return bool(client.ping())  # type: ignore[attr-defined]
    except redis.RedisError:
        return False


def _waiting(records: Records) -> Iterator[str]:
    owner, cursor = records.private.owner(), None
    while True:
        page = records.jobs.page(owner, 200, cursor, states=[JobState.WAITING])
        yield from (job.id for job in page.items)
        if page.next is None:
            return
        cursor = page.next


def _many_clients(ground: Ground, environment: dict[str, str]) -> Figure:
    """Let many clients send a picture a second each."""
    (picture,) = some_pictures(ground, 1)
    more = environment | {"VISAVIS_THROTTLE__PER_ADDRESS": "100000 per minute"}
    data = Path(more.pop("VISAVIS_DATA"))
    more.pop("VISAVIS_CACHE")
    with (
        serving(ground.settings, data, **more) as server,
        tempfile.NamedTemporaryFile(suffix=".jpg") as file,
    ):
        file.write(picture.data)
        file.flush()
        done = subprocess.run(
            [sys.executable, "-m", "scripts.bench.queueing", str(server.port), file.name],
            capture_output=True,
            check=True,
        )
    took_ms, errors, wanted = json.loads(done.stdout)
    p50, p99 = statistics.median(took_ms), statistics.quantiles(took_ms, n=100)[98]
    return Figure(
        f"{CLIENTS} clients that each send a picture a second to POST /api/v1/jobs",
        f"p99 ≤ {MOST_MS:g} ms, 0 lost",
        f"p50 {p50:.0f} ms, p99 {p99:.0f} ms; {len(took_ms):,} accepted of {wanted:,}, "
        f"{errors} errors",
        p99 <= MOST_MS and not errors and len(took_ms) == wanted,
        {"p50_ms": p50, "p99_ms": p99, "errors": errors},
    )


def main() -> None:
    """Be the clients: print how long each request took, how many failed, how many were sent."""
    port, path = int(sys.argv[1]), Path(sys.argv[2])
    data, took_ms, errors, lock = path.read_bytes(), list[float](), 0, threading.Lock()
    rounds = int(_SENDS_FOR_S * _PER_SECOND)

    def send(number: int) -> None:
        nonlocal errors
        begin = time.monotonic() + number / CLIENTS / _PER_SECOND
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            for i in range(rounds):
                time.sleep(max(0.0, begin + i / _PER_SECOND - time.monotonic()))
                unlike = data + number.to_bytes(2, "big") + i.to_bytes(2, "big")
                started = time.perf_counter()
                answer = client.post("/api/v1/jobs", files={"files": ("a.jpg", unlike)})
                took = 1000 * (time.perf_counter() - started)
                with lock:
                    if answer.status_code == httpx.codes.ACCEPTED:
                        took_ms.append(took)
                    else:
                        errors += 1

    threads = [threading.Thread(target=send, args=(i,)) for i in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps([took_ms, errors, CLIENTS * rounds]))


if __name__ == "__main__":
    main()
