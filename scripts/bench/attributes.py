"""Attributes: accuracy, calibration and size of the heads that ship, a peer, and what they cost."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np

from scripts.bench.figures import Figure
from scripts.bench.ground import Ground
from scripts.bench.peers import fer_model
from scripts.bench.timing import take_turns
from visavis.core.attributes import CLASSES, Head
from visavis.lab.attributes import evaluate_attributes
from visavis.lab.intervals import wilson
from visavis.lab.labels import Labelled, read_labels
from visavis.vision.heads.shelf import BUNDLED
from visavis.vision.images import decode
from visavis.vision.stages.attributes import ATTRIBUTES

AT_ONCE = 16
MOST_MS = 1.5
MOST_MB = 12.0
MOST_ECE = 0.03
LEAST_IN_RACE = 0.90


def measure(ground: Ground) -> Iterator[Figure]:
    """Measure on pictures that no head was trained or tuned on, then the clock."""
    faces = _report(ground, "fairface")
    feelings = _report(ground, "fer2013")
    figures = faces | feelings
    yield _age(figures["age"])
    yield _accuracy("gender", figures["gender"], 0.935)
    yield _worst_race(faces["groups"]["gender"])
    yield _accuracy("race, seven classes", figures["race"], 0.70)
    yield _accuracy("emotion, seven classes", figures["emotion"], 0.68)
    yield _against_fer(ground, figures["emotion"]["accuracy"])
    yield _calibration(figures)
    yield _cost(ground)
    yield _size()


def _report(ground: Ground, name: str) -> dict[str, Any]:
    report = evaluate_attributes(
        ground.analyzer,
        ground.root(name, "val_dev.zip"),
        _labelled(ground, name),
        ground.settings.images,
        ground.cores,
    )
    found: dict[str, Any] = json.loads(json.dumps(report.as_json(), default=str))
    return found


def _labelled(ground: Ground, name: str) -> list[Labelled]:
    return read_labels(ground.path(name, "val_dev.csv").read_text())


def _between(figures: dict[str, Any], name: str) -> str:
    low, high = figures["intervals"][name]
    return f"{figures[name]:.3f} (95 %: {low:.3f} – {high:.3f})"


def _age(figures: dict[str, Any]) -> Figure:
    asked = figures["bin_accuracy"] >= 0.60 and figures["within_one_bin"] >= 0.95
    return Figure(
        f"age, {figures['faces']} faces of FairFace: bin accuracy, within one bin, mean error",
        "≥ 0.60, ≥ 0.95, ≤ 5.1 years",
        f"{_between(figures, 'bin_accuracy')}, {_between(figures, 'within_one_bin')}, "
        f"{_between(figures, 'mae_years')} years from the expected age, "
        f"{figures['mae_of_bin']:.2f} from the likeliest bin",
        asked and min(figures["mae_years"], figures["mae_of_bin"]) <= 5.1,
        figures,
    )


def _accuracy(what: str, figures: dict[str, Any], least: float) -> Figure:
    unknown = figures["unknown"]
    return Figure(
        f"{what}, {figures['faces']} faces: accuracy",
        f"≥ {least:g}",
        f"{_between(figures, 'accuracy')}; with `unknown` for {unknown['share']:.3f} of the faces "
        f"{unknown['accuracy']:.3f} of the others",
        figures["accuracy"] >= least,
        figures,
    )


def _worst_race(groups: dict[str, Any]) -> Figure:
    races = {
        name.removeprefix("race="): group["accuracy"]
        for name, group in groups.items()
        if name.startswith("race=") and "," not in name
    }
    worst = min(races, key=races.__getitem__)
    return Figure(
        "gender, accuracy of the worst race group",
        f"≥ {LEAST_IN_RACE:g}",
        f"{races[worst]:.3f} ({worst}); " + ", ".join(f"{k} {v:.3f}" for k, v in races.items()),
        races[worst] >= LEAST_IN_RACE,
        races,
    )


def _against_fer(ground: Ground, ours: float) -> Figure:
    """Give the peer's model every picture as the face it is cut around."""
    labelled = [item for item in _labelled(ground, "fer2013") if Head.EMOTION in item.truth]
    root, model = ground.root("fer2013", "val_dev.zip"), fer_model(ground)
    pictures = [root.read(item.file) for item in labelled]
    said = model([decode(data, ground.settings.images) for data in pictures])
    hits = sum(
        word == CLASSES[Head.EMOTION][item.truth[Head.EMOTION]]
        for word, item in zip(said, labelled, strict=True)
    )
    low, high = wilson(hits, len(labelled))
    theirs = hits / len(labelled)
    return Figure(
        "emotion, the model of the `fer` package on the same pictures: accuracy",
        "lower than ours",
        f"{theirs:.3f} (95 %: {low:.3f} – {high:.3f}), ours {ours:.3f}",
        ours > theirs,
        {"fer": theirs, "ours": ours},
    )


def _calibration(figures: dict[str, Any]) -> Figure:
    errors = {head.value: figures[head.value]["ece"] for head in Head}
    chance = {head.value: figures[head.value]["ece_by_chance"] for head in Head}
    return Figure(
        "expected calibration error of each head, 15 bins",
        f"≤ {MOST_ECE:g}",
        ", ".join(f"{name} {value:.3f}" for name, value in errors.items())
        + "; honest probabilities would show on as many faces, by chance, "
        + ", ".join(f"{name} {value:.3f}" for name, value in chance.items()),
        max(errors.values()) <= MOST_ECE,
        {"ece": errors, "by_chance": chance},
    )


def _cost(ground: Ground) -> Figure:
    """Time a batch a core, all cores at once, and the same on one core alone."""
    pairs = ground.portraits[:AT_ONCE]
    ground.analyzer.attributes.warm_up()
    chips = [np.zeros((ground.analyzer.embed.decoder.size,) * 2 + (3,), np.uint8)] * AT_ONCE
    batch = ground.analyzer.embed.decoder.prepare(chips)

    works: dict[str, Callable[[], object]] = {
        "all attributes": lambda: ground.analyzer.attributes(pairs, ATTRIBUTES),
        "heads": lambda: ground.analyzer.attributes(pairs, set(Head)),
        "embedding": lambda: ground.analyzer.embed.engine.run(batch),
    }
    with ThreadPoolExecutor(ground.cores) as pool:

        def on_all(work: Callable[[], object]) -> None:
            list(pool.map(lambda _: work(), range(ground.cores)))

        many = take_turns({name: partial(on_all, work) for name, work in works.items()})
    one = take_turns(works)
    ms = {k: 1000 * s / AT_ONCE / ground.cores for k, s in many.items()}
    alone = {k: 1000 * s / AT_ONCE for k, s in one.items()}
    return Figure(
        "all attributes together, added cost a face at batch 16",
        f"≤ {MOST_MS:g} ms and ≤ the embedding (one pass)",
        f"{ms['all attributes']:.2f} ms a face on all cores (the four heads {ms['heads']:.2f}), "
        f"the embedding {ms['embedding']:.2f}; on one core {alone['all attributes']:.2f} and "
        f"{alone['embedding']:.2f}",
        ms["all attributes"] <= min(MOST_MS, ms["embedding"]),
        {"all_cores": ms, "one_core": alone},
    )


def _size() -> Figure:
    sizes = {path.stem: path.stat().st_size / 1e6 for path in sorted(BUNDLED.glob("*.onnx"))}
    return Figure(
        "the head files that ship, together",
        f"≤ {MOST_MB:g} MB",
        f"{sum(sizes.values()):.1f} MB ("
        + ", ".join(f"{k} {v:.1f}" for k, v in sizes.items())
        + ")",
        sum(sizes.values()) <= MOST_MB,
        sizes,
    )
