"""How much of `analyze` is the learned graphs themselves: the rest is what we waste."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.bench.figures import Figure, spread
from scripts.bench.ground import Ground
from scripts.bench.pipeline import WHOLE
from scripts.bench.timing import take_turns
from visavis.core.settings import RuntimeOptions
from visavis.core.types import Source
from visavis.usecases.analysis import Analyses
from visavis.vision.engines.onnx_engine import OnnxEngine, worker_count

PICTURES = 35
"""Their tensors are held in memory, about 10 MB a picture."""

LEAST = 0.85


@dataclass
class Recorder(OnnxEngine):
    """Passes runs on to an engine and keeps a copy of every tensor that went in."""

    engine: OnnxEngine
    tape: list[tuple["Recorder", NDArray[Any]]]

    def __post_init__(self) -> None:
        self.fixed_size = self.engine.fixed_size
        self.provider = self.engine.provider

    def run(self, batch: NDArray[Any]) -> list[NDArray[np.float32]]:
        """Record the tensor and run."""
        self.tape.append((self, batch.copy()))
        return self.engine.run(batch)


def measure(ground: Ground) -> Iterator[Figure]:
    """Record the tensors of one `analyze` over a folder, then time them raw, and the folder."""
    sources = spread(ground.crowd_sources, PICTURES)
    tape = _record(ground, sources)
    every = {role: _all_cores(ground, role) for role in ("detector", "mesh", "embedder")}
    runs = [(recorder, every[role], batch) for role, recorder, batch in tape]
    with ThreadPoolExecutor(ground.cores) as pool:
        times = take_turns(
            {
                "analyze": lambda: list(ground.analyses.analyze(sources, WHOLE)),
                "one session, all cores": lambda: [big.run(batch) for _, big, batch in runs],
                "a thread a core": lambda: list(
                    pool.map(lambda run: run[0].engine.run(run[2]), runs)
                ),
            }
        )
    wall_s = times.pop("analyze")
    shares = {name: seconds / wall_s for name, seconds in times.items()}
    least = min(shares.values())
    said = ", ".join(f"{share:.3f} ({name})" for name, share in shares.items())
    yield Figure(
        f"efficiency: raw session.run of the same {len(runs)} tensors ÷ `analyze` over the folder",
        f"≥ {LEAST}",
        f"{said}; folder {1000 * wall_s / len(sources):.1f} ms a picture",
        least >= LEAST,
        {"shares": shares, "raw_s": times, "wall_s": wall_s, "pictures": len(sources)},
    )


def _record(ground: Ground, sources: list[Source]) -> list[tuple[str, Recorder, NDArray[Any]]]:
    """Return role, engine and tensor of every run that the pictures cause, in order."""
    tape: list[tuple[Recorder, NDArray[Any]]] = []
    analyzer = ground.analyzer
    taped = replace(
        analyzer,
        detect=replace(analyzer.detect, engine=Recorder(analyzer.detect.engine, tape)),
        mesh=replace(analyzer.mesh, engine=Recorder(analyzer.mesh.engine, tape)),
        embed=replace(analyzer.embed, engine=Recorder(analyzer.embed.engine, tape)),
    )
    settings = ground.settings
    workers = worker_count(settings.runtime)
    analyses = Analyses(taped, settings.images, settings.batch, workers)
    list(analyses.analyze(sources, WHOLE))
    analyses.close()
    roles = {
        id(taped.detect.engine): "detector",
        id(taped.mesh.engine): "mesh",
        id(taped.embed.engine): "embedder",
    }
    return [(roles[id(recorder)], recorder, batch) for recorder, batch in tape]


def _all_cores(ground: Ground, role: str) -> OnnxEngine:
    return OnnxEngine(ground.weight(role), RuntimeOptions(intra_op_threads=0))
