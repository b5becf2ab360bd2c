"""One training run, from crops to a head file: train, shrink, calibrate, write the card."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from visavis.core.attributes import CLASSES, Head
from visavis.core.errors import InvalidInput
from visavis.core.types import Floats, Pixels
from visavis.lab.attribute_measures import measure
from visavis.lab.calibration import fit_calibration, unknown_limit
from visavis.lab.training.augment import centred
from visavis.lab.training.crops import NO_LABEL, CropSet
from visavis.lab.training.epochs import Told
from visavis.lab.training.export import agreement, finish, quantise, run_graph, to_onnx
from visavis.lab.training.loop import CHECKPOINT_FORMAT, Training
from visavis.lab.training.nets import HeadsNet, make_net
from visavis.lab.training.recipes import Recipe
from visavis.vision.heads.card import HeadCard, HeadFacts

FEWEST_HELD_OUT = 100
"""Fewer held-out faces say nothing about calibration."""

SAMPLES = 512
"""Training faces from which the eight-bit ranges are read."""

_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the training pictures come from, as the card will say it.

    Attributes:
        provenance: One sentence: who collected and labelled them.
        licence: Under which licence the trained file may be used.
    """

    provenance: str
    licence: str


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run made.

    Attributes:
        path: The head file.
        card: What it says of itself.
        seconds: How long the network learned, interruptions left out.
    """

    path: Path
    card: HeadCard
    seconds: float


def train(
    crops: CropSet,
    recipe: Recipe,
    embedder: Path,
    origin: Origin,
    folder: Path,
    *,
    threads: int = 1,
    tell: Callable[[Told], None] = lambda _: None,
    note: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Train a head file; a run with the same recipe and data that was interrupted goes on.

    Args:
        crops: What to learn from.
        recipe: How.
        embedder: ONNX file of the default embedder, from which the trunk starts.
        origin: What the card says of the pictures.
        folder: Where the checkpoint and the finished file go.
        threads: Cores to work on.
        tell: Called now and then with how far it is.
        note: Called with a sentence for each step.

    Raises:
        InvalidInput: too few faces, or a class that no face shows.
    """
    check_enough(crops, recipe)
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(threads)
    name = _name(recipe, crops)
    training = Training(make_net(recipe, embedder), crops, recipe, folder / f"{name}.checkpoint")
    if training.epoch:
        note(f"going on after epoch {training.epoch} of {recipe.epochs}")
    net = training.run(tell)
    note("shrinking to eight bits, calibrating")
    trained = _make_file(net, crops, recipe, origin, folder / name, training.seconds)
    training.finish()
    return trained


def check_enough(crops: CropSet, recipe: Recipe) -> None:
    """Refuse data that cannot teach the recipe's heads.

    Raises:
        InvalidInput: names what is missing.
    """
    for head in recipe.heads:
        held_out = int((crops.truth[head][crops.held_out] != NO_LABEL).sum())
        if held_out < FEWEST_HELD_OUT:
            raise InvalidInput(
                f"only {held_out} faces with a label for {head} are held out for calibration and "
                f"at least {FEWEST_HELD_OUT} are needed; give about {16 * FEWEST_HELD_OUT} faces"
            )
        seen = np.bincount(crops.truth[head][_labelled(crops, head)], minlength=len(CLASSES[head]))
        if missing := [CLASSES[head][i] for i in np.flatnonzero(seen == 0)]:
            raise InvalidInput(f"no face shows {head} {missing[0]!r}; add some to the labels")


def _labelled(crops: CropSet, head: Head) -> NDArray[np.bool_]:
    known: NDArray[np.bool_] = crops.truth[head] != NO_LABEL
    return known


def _name(recipe: Recipe, crops: CropSet) -> str:
    """Name a run by recipe and data, so that the same run finds its checkpoint."""
    told = f"{CHECKPOINT_FORMAT}{recipe.model_dump_json()}{crops.sha256}"
    truth = b"".join(crops.truth[head].tobytes() for head in recipe.heads)
    digest = hashlib.sha256(told.encode() + truth).hexdigest()
    return f"{recipe.name}-{digest[:12]}"


def _make_file(
    net: HeadsNet, crops: CropSet, recipe: Recipe, origin: Origin, scratch: Path, seconds: float
) -> Trained:
    """Export, quantise, calibrate on held-out faces, and write the head file with its card."""
    floats, small = scratch.with_suffix(".float"), scratch.with_suffix(".small")
    to_onnx(net, recipe.crop.size, floats)
    learned = np.flatnonzero(~crops.held_out)
    dice = np.random.default_rng(recipe.seed)
    quantise(floats, small, _seen(crops, dice.choice(learned, min(SAMPLES, len(learned)), False)))
    held_out = np.flatnonzero(crops.held_out)
    batches = _seen(crops, held_out)
    logits = run_graph(small, batches)
    same = [agreement(a, b) for a, b in zip(logits, run_graph(floats, batches), strict=True)]
    facts = {
        head: _facts(head, values, crops.truth[head][held_out])
        for head, values in zip(recipe.heads, logits, strict=True)
    }
    digest = hashlib.sha256(small.read_bytes()).hexdigest()[:8]
    now = datetime.now(UTC)
    card = HeadCard(
        version=f"{recipe.name}-{now:%Y%m%d}-{digest}",
        crop=recipe.crop,
        heads=facts,
        quality_shares=crops.quality_shares,
        licence=origin.licence,
        provenance=origin.provenance,
        training={
            "date": now.isoformat(timespec="seconds"),
            "seconds": round(seconds),
            "recipe": recipe.model_dump(mode="json"),
            "data_sha256": crops.sha256,
            "faces": int((~crops.held_out).sum()),
            "held_out": len(held_out),
            "assumed": crops.assumed,
            "eight_bit_agreement": dict(zip(map(str, recipe.heads), same, strict=True)),
        },
    )
    target = scratch.with_name(f"{card.version}.onnx")
    finish(small, target, card)
    for path in (floats, small):
        path.unlink()
    return Trained(target, card, seconds)


def _facts(head: Head, logits: Floats, truth: NDArray[np.int64]) -> HeadFacts:
    """Calibrate one head on held-out faces and measure it there."""
    known = truth != NO_LABEL
    logits, truth = logits[known], truth[known]
    calibration = fit_calibration(logits, truth)
    probabilities = calibration(logits)
    figures = measure(head, probabilities, truth)
    return HeadFacts(
        unknown_below=unknown_limit(probabilities, truth),
        temperature=calibration.temperature,
        power=calibration.power,
        shares=tuple(float(share) for share in probabilities.mean(axis=0)),
        metrics={k: float(v) for k, v in figures.items() if isinstance(v, int | float)},
    )


def _seen(crops: CropSet, chosen: NDArray[np.int64]) -> Sequence[Pixels]:
    """Return what the head sees of the chosen crops, in order, by batches."""
    parts = np.array_split(np.sort(chosen), max(1, len(chosen) // _AT_ONCE))
    return [centred(crops.pixels[part], crops.spec.size) for part in parts]
