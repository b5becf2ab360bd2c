"""Pictures on gRPC streams against the same pictures analysed offline, in turns."""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.bench.figures import Figure, Missing
from scripts.bench.ground import REPO, Ground
from scripts.bench.server import SERVE, START_S
from scripts.bench.serving import write
from scripts.bench.timing import once
from visavis.core.settings import Settings
from visavis.core.types import Feature, Source

STREAMS = 8
REPEATS = {"points": 3, "points,mesh,embedding": 1}
"""How often each picture is sent in a round, by what is asked for: the doors' default, and all the
long lists of numbers."""

ROUNDS = 3
LEAST_THROUGHPUT = 0.9


def measure(ground: Ground) -> Iterator[Figure]:
    """Send crowded pictures on 8 streams; compare with the folder analysed offline."""
    with tempfile.TemporaryDirectory() as folder, serving_grpc(ground.settings) as address:
        paths = write(ground.crowd_sources, Path(folder))
        for features, repeats in REPEATS.items():
            yield _throughput(ground, address, paths * repeats, features)


def _throughput(ground: Ground, address: str, paths: list[Path], features: str) -> Figure:
    wanted = frozenset(Feature(name) for name in features.split(","))

    def folder() -> None:
        sources = (Source(path.name, path.read_bytes()) for path in paths)
        for _ in ground.analyses.analyze(sources, wanted):
            pass

    _stream(address, paths[: len(ground.crowd)], features)
    shares, offline, errors = [], [], 0
    for _ in range(ROUNDS):
        offline.append(once(folder))
        answer = _stream(address, paths, features)
        shares.append(offline[-1] / answer["wall_s"])
        errors += len(answer["errors"]) + len(paths) - answer["answered"]
    share, rate = statistics.median(shares), len(paths) / statistics.median(offline)
    return Figure(
        f"{STREAMS} gRPC streams, features {features}: throughput ÷ offline folder",
        f"≥ {LEAST_THROUGHPUT}",
        f"{share:.3f} of {rate:.1f} pictures a second; {errors} errors",
        share >= LEAST_THROUGHPUT and not errors,
        {"shares": shares, "offline_s": offline, "errors": errors},
    )


@contextmanager
def serving_grpc(settings: Settings) -> Iterator[str]:
    """Start `visavis grpc` with these settings' pack and cache; yield its address.

    Raises:
        Missing: it does not get ready.
    """
    with tempfile.TemporaryDirectory() as data, tempfile.TemporaryFile("w+") as log:
        given = {"VISAVIS_CACHE": str(settings.cache), "VISAVIS_DATA": data}
        environment = os.environ | given | {"VISAVIS_ACCOUNTS__LOGIN": "false"}
        command = [sys.executable, "-c", SERVE, "grpc", "--port", "0", "--pack", settings.pack]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            yield _address(process, Path(f"/proc/self/fd/{log.fileno()}"))
        finally:
            process.terminate()
            process.wait(30)


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """Return where the server says that it is."""
    until, said = time.monotonic() + START_S, ""
    while time.monotonic() < until and process.poll() is None:
        said = log.read_text()
        if found := re.search(r"grpc://(\S+) ", said):
            return found[1]
        time.sleep(0.1)
    raise Missing(f"the server does not start: {said[-2000:]}")


def _stream(address: str, paths: Sequence[Path], features: str) -> dict[str, Any]:
    """Send pictures from a process of their own; return what it measured."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as listing:
        listing.write("\n".join(map(str, paths)))
        listing.flush()
        arguments = [address, str(STREAMS), features, listing.name]
        done = subprocess.run(
            [sys.executable, "-m", "scripts.bench.streaming_client", *arguments],
            capture_output=True,
            check=True,
            cwd=REPO,
        )
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured
