"""Many clients at once against a real server, and three thousand pictures through it."""

import random
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from scripts.bench.figures import Figure
from scripts.bench.ground import Ground
from scripts.bench.server import Server, serving
from scripts.bench.timing import once
from visavis.core.types import Feature, Source

CLIENTS = 16
REPEATS = {"points": 3, "points,embedding": 1}
"""How often each picture is sent in a round, by what is asked for: the doors' default, and all."""

ROUNDS = 3
LEAST_THROUGHPUT = 0.8
MOST_P99 = 4.0
SOAK = 3000
SETTLED = 500
MOST_GROWTH_MIB = 20.0


def measure(ground: Ground) -> Iterator[Figure]:
    """Let 16 clients send crowded pictures; compare with the folder analysed offline."""
    with tempfile.TemporaryDirectory() as folder, serving(ground.settings) as server:
        paths = write(ground.crowd_sources, Path(folder))
        for features, repeats in REPEATS.items():
            yield _throughput(ground, server, paths * repeats, features)


def soak(ground: Ground) -> Iterator[Figure]:
    """Send 3,000 pictures of many sizes and watch the server's memory."""
    names = sorted(set(_lfw_names(ground)))
    lfw = ground.root("lfw_dev", "images.zip")
    with tempfile.TemporaryDirectory() as folder, serving(ground.settings) as server:
        paths = write(ground.crowd_sources, Path(folder, "crowd")) * 15
        paths += write([Source(name, lfw.read(name)) for name in names], Path(folder, "lfw"))
        chosen = random.Random(0).choices(paths, k=SOAK)
        memory, errors = [], 0
        for start in range(0, SOAK, SETTLED):
            answer = server.load(chosen[start : start + SETTLED], CLIENTS, "points,mesh,embedding")
            errors += len(answer["errors"])
            memory.append(server.rss_mib())
    growth = max(memory) - memory[0]
    yield Figure(
        f"{SOAK:,} pictures through the server: memory growth after the first {SETTLED}",
        f"≤ {MOST_GROWTH_MIB:g} MB",
        f"{growth:.1f} MiB (from {memory[0]:.0f} to {memory[-1]:.0f}, at most {max(memory):.0f}), "
        f"{errors} errors",
        growth <= MOST_GROWTH_MIB and not errors,
        {"rss_mib_every_500": memory, "growth_mib": growth, "errors": errors},
    )


def write(sources: list[Source], folder: Path) -> list[Path]:
    """Write pictures as files with plain names; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{i:05d}.jpg" for i in range(len(sources))]
    for path, source in zip(paths, sources, strict=True):
        path.write_bytes(source.data)
    return paths


def _throughput(ground: Ground, server: Server, paths: list[Path], features: str) -> Figure:
    shares, offline, latencies, errors = [], [], [], 0
    wanted = frozenset(Feature(name) for name in features.split(","))

    def folder() -> None:
        sources = (Source(path.name, path.read_bytes()) for path in paths)
        for _ in ground.analyses.analyze(sources, wanted):
            pass

    server.load(paths[: len(ground.crowd)], CLIENTS, features)
    for _ in range(ROUNDS):
        offline.append(once(folder))
        answer = server.load(paths, CLIENTS, features)
        shares.append(offline[-1] / answer["wall_s"])
        latencies += answer["latencies_s"]
        errors += len(answer["errors"])
    share = statistics.median(shares)
    p50, p99 = (1000 * float(np.percentile(latencies, q)) for q in (50, 99))
    rate = len(paths) / statistics.median(offline)
    return Figure(
        f"{CLIENTS} concurrent HTTP clients, features {features}: throughput ÷ offline folder",
        f"≥ {LEAST_THROUGHPUT}; p99 ≤ {MOST_P99:g} × p50",
        f"{share:.3f} of {rate:.1f} pictures a second; p50 {p50:.0f} ms, p99 {p99:.0f} ms = "
        f"{p99 / p50:.1f} ×; {errors} errors",
        share >= LEAST_THROUGHPUT and p99 <= MOST_P99 * p50 and not errors,
        {"shares": shares, "offline_s": offline, "p50_ms": p50, "p99_ms": p99, "errors": errors},
    )


def _lfw_names(ground: Ground) -> Iterator[str]:
    from visavis.lab.pairs import read_pairs

    pairs = read_pairs(ground.path("lfw_dev", "pairs.txt").read_text())
    yield from pairs.first
    yield from pairs.second
