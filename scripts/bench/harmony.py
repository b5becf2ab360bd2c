"""The small embedder beside the default one, and vectors of the one compared with the other's."""

from collections.abc import Callable, Iterator
from contextlib import closing

from scripts.bench.figures import Figure
from scripts.bench.ground import Ground
from scripts.bench.timing import take_turns
from visavis.core.settings import RuntimeOptions, Settings
from visavis.core.types import Floats
from visavis.entry.wiring import build, build_analyzer, open_harmonics
from visavis.lab.harmony import HarmonyReport, measure
from visavis.lab.pairs import Pairs, read_pairs
from visavis.lab.subjects import Survey
from visavis.lab.verification import VerificationReport, embedded
from visavis.vision.analyzer import Analyzer
from visavis.vision.engines.onnx_engine import OnnxEngine
from visavis.vision.stages.align import align
from visavis.vision.weights.catalog import find_pack, find_weight

PACKS = ("default", "lite")
CHIPS = 48
BATCH = 16
ROUNDS = 15
"""Short ones: what else the machine does meanwhile hits some, and their median is told."""
LEAST_SPEEDUP, LEAST_ACCURACY, MOST_LOSS, NEAR_CHANCE = 3.0, 0.93, 0.015, 0.1


def speed(ground: Ground) -> Iterator[Figure]:
    """Time one forward pass a face of both embedders, on one core, in one run."""
    rivals = {}
    for pack in PACKS:
        analyzer = build_analyzer(_settings(ground, pack), ground.shelf)
        path = ground.shelf.ensure(find_pack(pack).embedder)
        engine = OnnxEngine(path, RuntimeOptions(intra_op_threads=1))
        for size in (1, BATCH):
            rivals[f"{pack}, batch {size}"] = _runs(ground, analyzer, engine, size)
    each_ms = {name: 1000 * seconds / CHIPS for name, seconds in take_turns(rivals, ROUNDS).items()}
    faster = {
        size: each_ms[f"default, batch {size}"] / each_ms[f"lite, batch {size}"]
        for size in (1, BATCH)
    }
    said = "; ".join(
        f"batch {size}: {each_ms[f'default, batch {size}']:.2f} ms → "
        f"{each_ms[f'lite, batch {size}']:.2f} ms = {times:.1f}×"
        for size, times in faster.items()
    )
    yield Figure(
        "small embedder against the default one, a face, one core (one forward pass each)",
        f"≥ {LEAST_SPEEDUP:g}×",
        said,
        min(faster.values()) >= LEAST_SPEEDUP,
        {"ms_per_face": each_ms, "times_faster": faster},
    )


def verification(ground: Ground) -> Iterator[Figure]:
    """Judge the pairs of LFW within and across the two embedders."""
    pairs = read_pairs(ground.path("lfw_dev", "pairs.txt").read_text())
    source, target = (find_weight(find_pack(pack).embedder).id for pack in PACKS)
    there, here = (_vectors(ground, pack, pairs) for pack in PACKS)
    told = measure(pairs, source, target, there, here, open_harmonics(ground.settings))
    yield _accuracy("default embedder, both pictures", told.within_source, None)
    lite = told.within_target
    yield _accuracy("small embedder, both pictures", lite, LEAST_ACCURACY)
    yield _across(told)
    if told.unmapped is not None:
        chance = abs(told.unmapped.accuracy - 0.5) <= NEAR_CHANCE
        yield _figure("default against small, without a map", "≈ 0.5", told.unmapped, met=chance)


def _across(told: HarmonyReport) -> Figure:
    asked = f"at most {100 * MOST_LOSS:g} points below the weaker of the two"
    within = told.loss <= MOST_LOSS
    return _figure("default against small, by the map that ships", asked, told.mapped, met=within)


def _accuracy(what: str, report: VerificationReport, least: float | None) -> Figure:
    met = None if least is None else report.accuracy >= least
    return _figure(what, f"≥ {least:.2f}" if least else "", report, met=met)


def _figure(what: str, asked: str, report: VerificationReport, *, met: bool | None) -> Figure:
    low, high = report.intervals["accuracy"]
    said = f"{report.accuracy:.4f} (95 %: {low:.4f} – {high:.4f}), EER {report.eer:.4f}"
    what = f"LFW, {report.pairs} pairs, {what}: accuracy"
    return Figure(what, asked, said, met, {"accuracy": report.accuracy, "eer": report.eer})


def _settings(ground: Ground, pack: str) -> Settings:
    return ground.settings.model_copy(update={"pack": pack})


def _vectors(ground: Ground, pack: str, pairs: Pairs) -> dict[str, Floats]:
    with closing(build(_settings(ground, pack)).analyses) as analyses:
        return embedded(Survey(analyses, ground.root("lfw_dev", "images.zip")), pairs)


def _runs(
    ground: Ground, analyzer: Analyzer, engine: OnnxEngine, size: int
) -> Callable[[], object]:
    decoder = analyzer.embed.decoder
    chips = [c for image, faces in ground.portraits[:CHIPS] for c in align(image, faces, decoder)]
    batches = [decoder.prepare(chips[i : i + size]) for i in range(0, len(chips), size)]
    return lambda: [engine.run(batch) for batch in batches]
