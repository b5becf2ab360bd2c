"""Recognising one face among a hundred thousand templates over HTTP, beside analysing it alone."""

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from scripts.bench import enrolled
from scripts.bench.figures import Figure
from scripts.bench.ground import Ground
from scripts.bench.searching import TEMPLATES_EACH, gallery
from scripts.bench.server import Server, serving
from scripts.bench.serving import write
from visavis.core.types import Source

TEMPLATES = 100_000
CLIENTS = 8
ROUNDS = 3
REPEATS = 4
MOST = 1.3
ANALYZE = "/api/v1/analyze?features=points,embedding,quality"
RECOGNIZE = "/api/v1/recognize"


def measure(ground: Ground) -> Iterator[Figure]:
    """Let eight clients send portraits to both, in turns."""
    paths = sorted(ground.path("london").glob("*/*.jpg"))
    sources = [Source(path.name, path.read_bytes()) for path in paths]
    drawn = gallery(TEMPLATES)
    with enrolled.house() as place, tempfile.TemporaryDirectory() as folder:
        people = enrolled.people(place, TEMPLATES // TEMPLATES_EACH)
        who = [people[i % len(people)] for i in range(TEMPLATES)]
        enrolled.enroll(place, who, drawn.vectors, ground.analyses.embedder)
        sent = write(sources, Path(folder)) * REPEATS
        with serving(ground.settings, place.folder) as server:
            yield _compared(server, sent)


def _compared(server: Server, sent: list[Path]) -> Figure:
    medians: dict[str, list[float]] = {ANALYZE: [], RECOGNIZE: []}
    errors = 0
    for target in medians:  # the first ones build the index and fill caches
        server.ask(sent[:CLIENTS], CLIENTS, target)
    for _ in range(ROUNDS):
        for target, found in medians.items():
            answer = server.ask(sent, CLIENTS, target)
            found.append(1000 * float(np.median(answer["latencies_s"])))
            errors += len(answer["errors"])
    analyze, recognize = (statistics.median(found) for found in medians.values())
    share = statistics.median(ours / floor for floor, ours in zip(*medians.values(), strict=True))
    return Figure(
        f"`POST /recognize`, one face, gallery of {TEMPLATES:,}, {CLIENTS} clients, p50, against "
        "`analyze` with the same features",
        f"≤ {MOST:g} ×",
        f"{share:.2f} × ({recognize:.0f} ms, analyze {analyze:.0f} ms); {errors} errors",
        share <= MOST and not errors,
        {"ms": medians, "share": share, "errors": errors},
    )
