"""Stages as services of their own against one service that does all, with as many workers."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from scripts.bench.chaos import some_pictures
from scripts.bench.figures import Figure, Missing
from scripts.bench.fleet import VISAVIS, Fleet
from scripts.bench.ground import Ground
from scripts.bench.queueing import through_queue
from scripts.bench.server import free_port
from scripts.bench.users import postgres_schema
from visavis.core.settings import Settings, load_settings
from visavis.entry.services import Records
from visavis.entry.wiring import open_records

PICTURES, ROUNDS, WARM_UP = 200, 4, 8
"""Each way is gone in turn, so that a busy moment of the machine meets both."""

MOST_RATIO = 1.6

FUSED = ("pictures", "pictures")
SPLIT = ("detect", "describe,store")
"""Queues of each worker process."""


def measure(ground: Ground) -> Iterator[Figure]:
    """Send the same pictures through both, on PostgreSQL, with a Redis of its own."""
    if shutil.which("redis-server") is None:
        raise Missing("there is no redis-server; install Debian's package redis-server")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port = free_port()
        redis = stack.enter_context(Fleet(_made(folder / "redis"), {}).kept())
        server = ["redis-server", "--port", str(port), "--bind", "127.0.0.1"]
        redis.start("redis", [*server, "--save", "", "--appendonly", "no"])
        fused, split = (
            stack.enter_context(_deployment(ground, folder / name, f"{port}/{i}", queues))
            for i, (name, queues) in enumerate((("fused", FUSED), ("split", SPLIT)))
        )
        yield _compared(ground, fused, split)


def _compared(ground: Ground, fused: Records, split: Records) -> Figure:
    sources = some_pictures(ground, WARM_UP + PICTURES)
    for records in (fused, split):
        through_queue(records, sources[:WARM_UP], "warm-up")
    took: dict[bool, list[float]] = {False: [], True: []}
    part = PICTURES // ROUNDS
    for i in range(ROUNDS):
        some = sources[WARM_UP + i * part :][:part]
        for records, is_split in ((fused, False), (split, True)):
            took[is_split].append(through_queue(records, some, f"round {i}"))
    ratio, each = sum(took[True]) / sum(took[False]), part * ROUNDS
    return Figure(
        f"{each} pictures through detect, describe and store, parts over gRPC, against one service "
        "that does all; 2 worker processes each",
        f"≤ {MOST_RATIO:g} × the time",
        f"{ratio:.2f} ×: {1000 * sum(took[True]) / each:.0f} against "
        f"{1000 * sum(took[False]) / each:.0f} ms a picture",
        ratio <= MOST_RATIO,
        {"ratio": ratio, "split_s": took[True], "fused_s": took[False]},
    )


@contextmanager
def _deployment(
    ground: Ground, folder: Path, broker: str, queues: Sequence[str]
) -> Iterator[Records]:
    """Run workers of some queues, and give what sends pictures to them."""
    is_split, grpc = queues is SPLIT, free_port()
    with postgres_schema() as url:
        environment = {
            "VISAVIS_DATA": str(_made(folder) / "data"),
            "VISAVIS_CACHE": str(ground.settings.cache),
            "VISAVIS_STORE__URL": url,
            "VISAVIS_JOBS__BROKER_URL": f"redis://127.0.0.1:{broker}",
            "VISAVIS_JOBS__SPLIT": str(is_split).lower(),
            "VISAVIS_ACCOUNTS__LOGIN": "false",
            "VISAVIS_RUNTIME__WORKERS": "1",
            "VISAVIS_GRPC__PORT": str(grpc),
            "VISAVIS_GRPC__TOKEN": "of this bench only",
            "VISAVIS_GRPC__AGGREGATOR_URL": f"grpc://127.0.0.1:{grpc}" if is_split else "",
        }
        with (
            closing(open_records(_settings(environment))) as records,
            Fleet(folder, environment).kept() as fleet,
        ):
            if is_split:
                fleet.start("grpc", [*VISAVIS, "grpc"])
            for i, names in enumerate(queues):
                fleet.start(f"worker-{i}", [*VISAVIS, "worker", "--queues", names])
            yield records


def _settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings of this process, which hands pictures in."""
    jobs = {
        "broker_url": environment["VISAVIS_JOBS__BROKER_URL"],
        "split": environment["VISAVIS_JOBS__SPLIT"] == "true",
    }
    return load_settings(
        data=Path(environment["VISAVIS_DATA"]),
        store={"url": environment["VISAVIS_STORE__URL"]},
        accounts={"login": False},
        jobs=jobs,
    )


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
