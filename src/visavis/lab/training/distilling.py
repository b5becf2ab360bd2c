"""One run that makes a small embedder of a large one: learn, export, check, describe."""

import hashlib
import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from visavis.core.errors import InvalidInput
from visavis.core.types import Floats, Pixels
from visavis.lab.training.augment import centred
from visavis.lab.training.epochs import Told
from visavis.lab.training.export import OPSET, run_graph, set_metadata
from visavis.lab.training.lesson import Lesson
from visavis.lab.training.pupil import Pupil, PupilRecipe, make_pupil
from visavis.lab.training.run import Origin
from visavis.lab.training.teaching import Teaching
from visavis.vision.decoders.lite import SIZE, Lite

METADATA_KEY = "visavis.embedder"
FEWEST = 256
"""Fewer faces teach nothing about others."""

LARGEST_DIFFERENCE = 1e-4
"""Between vectors of unit length, as trained and as exported."""

_CHECKED = 64


@dataclass(frozen=True, slots=True)
class Distilled:
    """What a run made.

    Attributes:
        path: The ONNX file (contract: `visavis.vision.decoders.lite`).
        facts: What it was made of and how well it follows its teacher.
    """

    path: Path
    facts: Mapping[str, Any]


def distil(
    lesson: Lesson,
    recipe: PupilRecipe,
    teacher: Path,
    origin: Origin,
    folder: Path,
    target: Path,
    *,
    threads: int = 1,
    tell: Callable[[Told], None] = lambda _: None,
    note: Callable[[str], None] = lambda _: None,
) -> Distilled:
    """Make a small embedder; a run with the same recipe and faces that was interrupted goes on.

    Args:
        lesson: What to learn from.
        recipe: How.
        teacher: ONNX file of the default embedder, from which the front starts.
        origin: What the file says of the pictures.
        folder: Where the checkpoint lies meanwhile.
        target: The ONNX file to write.
        threads: Cores to work on.
        tell: Called now and then with how far it is.
        note: Called with a sentence for each step.

    Raises:
        InvalidInput: there are too few faces.
    """
    _check_enough(lesson)
    torch.set_num_threads(threads)
    net = make_pupil(teacher, recipe.seed)
    teaching = Teaching(net, lesson, recipe, folder / f"{_name(recipe, lesson)}.checkpoint")
    if teaching.epoch:
        note(f"going on after epoch {teaching.epoch} of {recipe.epochs}")
    best = teaching.run(tell, note)
    cosine = teaching.agreement()
    target.parent.mkdir(parents=True, exist_ok=True)
    to_onnx(best, target)
    difference = _difference(best, target, lesson)
    if difference > LARGEST_DIFFERENCE:
        raise InvalidInput(f"the exported network differs by {difference:.1e}; train it again")
    facts = _facts(best, lesson, recipe, origin, teaching.seconds)
    facts |= {"cosine_to_teacher": round(cosine, 4), "export_difference": difference}
    model = onnx.load(str(target))
    set_metadata(model, {METADATA_KEY: json.dumps(facts)})
    onnx.save(model, str(target))
    teaching.finish()
    return Distilled(target, facts)


def to_onnx(net: Pupil, path: Path) -> None:
    """Write the network: `image` (n, 3, 96, 96) float32 RGB 0..255 to `embedding` (n, 128)."""
    served = _Served(net)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as for heads: sizes are fixed while tracing
        torch.onnx.export(
            served,
            (torch.zeros(1, 3, SIZE, SIZE),),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=["image"],
            output_names=["embedding"],
            dynamic_axes={"image": {0: "n"}, "embedding": {0: "n"}},
        )


class _Served(nn.Module):
    """The network as it serves: its first convolution takes pixels as they come."""

    def __init__(self, net: Pupil) -> None:
        super().__init__()
        self.net = net.folded()

    def forward(self, image: Tensor) -> Tensor:
        """Map (n, 3, 96, 96) float32 RGB 0..255 to (n, 128)."""
        said: Tensor = self.net(image)
        return said


def _check_enough(lesson: Lesson) -> None:
    learned = int((~lesson.held_out).sum())
    if learned < FEWEST:
        raise InvalidInput(
            f"{learned} faces are too few to learn from; give at least {FEWEST}, better 20,000"
        )


def _name(recipe: PupilRecipe, lesson: Lesson) -> str:
    """Name a run by recipe and faces, so that the same run finds its checkpoint."""
    told = f"{recipe.model_dump_json()}{lesson.sha256}{lesson.teacher}"
    return f"{recipe.name}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"


def _difference(net: Pupil, path: Path, lesson: Lesson) -> float:
    """Return the largest difference between a number as trained and as exported."""
    pixels: Pixels = centred(lesson.pixels[:_CHECKED], SIZE)
    ready = Lite().prepare(list(pixels))
    with torch.no_grad():
        trained = net(torch.from_numpy(ready)).numpy()
    (exported,) = run_graph(path, [ready])
    return float(np.abs(_unit(trained) - _unit(exported)).max())


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def _facts(
    net: Pupil, lesson: Lesson, recipe: PupilRecipe, origin: Origin, seconds: float
) -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "seconds": round(seconds),
        "numbers": sum(p.numel() for p in net.parameters()),
        "teacher": lesson.teacher,
        "faces": int((~lesson.held_out).sum()),
        "held_out": int(lesson.held_out.sum()),
        "skipped": lesson.skipped,
        "data_sha256": lesson.sha256,
        "provenance": origin.provenance,
        "licence": origin.licence,
        "recipe": recipe.model_dump(mode="json"),
    }
