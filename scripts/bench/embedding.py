"""The embedding against dlib's own runtime: same numbers, how much faster."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from scripts.bench.figures import Figure
from scripts.bench.ground import Ground
from scripts.bench.peers import dlib_network
from scripts.bench.timing import take_turns
from visavis.core.settings import RuntimeOptions
from visavis.core.types import Pixels
from visavis.vision.engines.onnx_engine import OnnxEngine
from visavis.vision.stages.align import align

CHIPS = 48
BATCH = 16
MOST_DIFFERENCE = 1e-5
LEAST_SPEEDUP = 25.0


def measure(ground: Ground) -> Iterator[Figure]:
    """Compare on chips of real portraits, aligned by our pipeline."""
    chips = [
        chip
        for image, faces in ground.portraits[:CHIPS]
        for chip in align(image, faces, ground.analyzer.embed.decoder)
    ]
    yield _exactness(ground, chips)
    yield _speed(ground, chips)


def _exactness(ground: Ground, chips: list[Pixels]) -> Figure:
    peer, embed = dlib_network(ground), ground.analyzer.embed
    theirs = np.array([peer.compute_face_descriptor(chip) for chip in chips])
    ours = np.concatenate([embed.engine.run(embed.decoder.prepare([chip]))[0] for chip in chips])
    batched = embed.engine.run(embed.decoder.prepare(chips))[0]
    worst = float(max(np.abs(ours - theirs).max(), np.abs(batched - theirs).max()))
    return Figure(
        f"embedding against dlib, {len(chips)} real chips: largest difference of a component",
        f"≤ {MOST_DIFFERENCE:g}",
        f"{worst:.1e}",
        worst <= MOST_DIFFERENCE,
        {"max_abs_difference": worst, "chips": len(chips)},
    )


def _speed(ground: Ground, chips: list[Pixels]) -> Figure:
    """Time dlib (it uses one core) and our graph on one core and on all, per face."""
    peer, decoder = dlib_network(ground), ground.analyzer.embed.decoder
    one, every = (
        OnnxEngine(ground.weight("embedder"), RuntimeOptions(intra_op_threads=n)) for n in (1, 0)
    )
    batches = [chips[i : i + BATCH] for i in range(0, len(chips), BATCH)]
    with ThreadPoolExecutor(ground.cores) as pool:
        times = take_turns(
            {
                "dlib": lambda: [peer.compute_face_descriptor(chip) for chip in chips],
                "batch 1": lambda: [every.run(decoder.prepare([chip])) for chip in chips],
                "batch 16": lambda: [every.run(decoder.prepare(batch)) for batch in batches],
                "batch 1, one core": lambda: [one.run(decoder.prepare([chip])) for chip in chips],
                "batch 1, a worker a core": lambda: list(
                    pool.map(lambda chip: one.run(decoder.prepare([chip])), chips)
                ),
            }
        )
    each_ms = {name: 1000 * seconds / len(chips) for name, seconds in times.items()}
    faster = {name: each_ms["dlib"] / ms for name, ms in each_ms.items() if name != "dlib"}
    said = ", ".join(f"{name} {each_ms[name]:.2f} ms = {x:.1f}×" for name, x in faster.items())
    best = max(faster.values())
    return Figure(
        "embedding speed against dlib, a face (one forward pass each)",
        f"≥ {LEAST_SPEEDUP:g}×",
        f"{best:.1f}×: dlib {each_ms['dlib']:.1f} ms; {said}",
        best >= LEAST_SPEEDUP,
        {"ms_per_face": each_ms, "times_faster": faster, "cores": ground.cores},
    )
