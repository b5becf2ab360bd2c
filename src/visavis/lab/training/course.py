"""A course: one data set, and all that turns it into challengers: faces, training, figures."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from visavis.core.attributes import Head
from visavis.core.errors import InvalidInput
from visavis.core.settings import Settings
from visavis.lab.attributes import AttributesReport, compare
from visavis.lab.card_page import card_page
from visavis.lab.heads.registry import HeadRegistry
from visavis.lab.labels import Labelled, read_labels, spread
from visavis.lab.portraits import PortraitReader, for_portraits
from visavis.lab.roots import Root, open_root
from visavis.lab.tracking.base import Run, Tracking
from visavis.lab.training.crops import CropSet, load_crops
from visavis.lab.training.epochs import Told
from visavis.lab.training.recipes import Recipe
from visavis.lab.training.run import Origin, Trained, train
from visavis.vision.analyzer import Analyzer
from visavis.vision.engines.onnx_engine import worker_count
from visavis.vision.heads.shelf import HeadSet, load_net
from visavis.vision.weights.shelf import WeightShelf

EMBEDDER = "dlib_resnet"
"""The weight from which trunks start, whatever pack serves."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a course made of one recipe.

    Attributes:
        version: Name of the challenger.
        path: Its file.
        report: Its figures on the held-out pictures, as `visavis evaluate attributes` gives them.
        page: Its model card, in Markdown.
        seconds: How long the network learned, interruptions left out.
        unrecorded: What the lab's record did not take.
    """

    version: str
    path: Path
    report: Mapping[str, Any]
    page: str
    seconds: float
    unrecorded: Sequence[str]


@dataclass(frozen=True, slots=True)
class Course:
    """One labelled data set and the deployment that learns from it.

    Attributes:
        settings: Of the deployment.
        analyzer: Finds the faces.
        root: Where the pictures lie.
        labelled: What they show.
        source: What the data set is called.
        registry: Takes the challengers.
        tracking: The lab's record.
    """

    settings: Settings
    analyzer: Analyzer
    root: Root
    labelled: Sequence[Labelled]
    source: str
    registry: HeadRegistry
    tracking: Tracking

    def answerable(self, heads: Collection[Head] | None) -> frozenset[Head]:
        """Return the heads to train: those named, or all that are labelled.

        Raises:
            InvalidInput: one that is named is not labelled.
        """
        labelled = frozenset(head for item in self.labelled for head in item.truth)
        if missing := sorted(set(heads or ()) - labelled):
            raise InvalidInput(f"the labels say nothing about {missing[0]}; add a column for it")
        return frozenset(heads) if heads else labelled

    def run(
        self,
        recipe: Recipe,
        origin: Origin,
        *,
        tell: Callable[[Told], None],
        note: Callable[[str], None],
    ) -> Made:
        """Train one recipe, measure the result beside what serves, and register it.

        The challenger serves nobody; the champion is not touched, whatever happens here.

        Raises:
            InvalidInput: the data cannot teach it.
            Unavailable: the lab's record cannot be written; nothing was trained yet.
        """
        crops = self._crops(recipe, note)
        config = {k: str(v) for k, v in recipe.model_dump(mode="json").items()}
        data = {"name": self.source, "sha256": crops.sha256, "pictures": len(crops)}
        with self.tracking.run(recipe.name, config, data) as run:
            trained = self._trained(crops, recipe, origin, run, tell, note)
            note("measuring it on the held-out pictures, beside what serves")
            reports = self._reports(trained, crops)
            report, *baseline = (each.as_json() for each in reports)
            page = card_page(reports[0], trained.card)
            _record(run, trained, report, page)
        added = self.registry.add(trained.path, report, baseline[0] if baseline else None)
        trained.path.unlink()
        return Made(added.version, added.path, report, page, trained.seconds, run.unrecorded)

    def _crops(self, recipe: Recipe, note: Callable[[str], None]) -> CropSet:
        workers = worker_count(self.settings.runtime)
        reader = PortraitReader(
            for_portraits(self.analyzer), self.root, self.settings.images, workers
        )
        folder = self.settings.cache / "training"
        return load_crops(reader, self.labelled, recipe.heads, recipe.crop, folder, note=note)

    def _trained(
        self,
        crops: CropSet,
        recipe: Recipe,
        origin: Origin,
        run: Run,
        tell: Callable[[Told], None],
        note: Callable[[str], None],
    ) -> Trained:
        def both(told: Told) -> None:
            tell(told)
            run.step(told.step, {"loss": told.loss, "rate": told.rate})

        embedder = WeightShelf(self.settings.cache).ensure(EMBEDDER)
        folder, threads = self.settings.cache / "training", worker_count(self.settings.runtime)
        return train(crops, recipe, embedder, origin, folder, threads=threads, tell=both, note=note)

    def _reports(self, trained: Trained, crops: CropSet) -> list[AttributesReport]:
        """Measure the challenger, and what serves of its heads."""
        held_out = {name for name, out in zip(crops.files, crops.held_out, strict=True) if out}
        labelled = [item for item in self.labelled if item.file in held_out]
        challenger = HeadSet.of(load_net(trained.path, self.settings.runtime))
        serving = self.analyzer.attributes.shelf.current().only(trained.card.heads)
        sets = [challenger, *([serving] if serving.nets else [])]
        workers = worker_count(self.settings.runtime)
        return compare(
            self.analyzer, self.root, labelled, sets, self.settings.images, workers,
            heads=trained.card.heads,
        )  # fmt: skip


def _record(run: Run, trained: Trained, report: Mapping[str, Any], page: str) -> None:
    """Give figures, head file, report and card to the lab's record."""
    files = {".report.json": json.dumps(report, default=str, indent=1), ".card.md": page}
    paths = [trained.path.with_suffix(suffix) for suffix in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.write_text(text, "utf-8")
    figures = {
        f"{head}.{name}": value
        for head in trained.card.heads
        for name, value in report[head.value].items()
        if isinstance(value, float)
    }
    run.finish(figures, [trained.path, *paths])
    for path in paths:
        path.unlink()


def open_course(
    settings: Settings,
    analyzer: Analyzer,
    registry: HeadRegistry,
    tracking: Tracking,
    data: Path,
    labels: str,
    limit: int | None = None,
) -> Course:
    """Read the labels of a data set.

    Args:
        settings: Of the deployment.
        analyzer: Finds the faces.
        registry: Takes the challengers.
        tracking: The lab's record.
        data: Folder or .zip of the pictures.
        labels: Text of the csv.
        limit: Use only so many pictures, spread over the list.

    Raises:
        InvalidInput: data or labels cannot be used; the message names the row.
    """
    labelled = spread(read_labels(labels), limit)
    root = open_root(data, settings.images.max_bytes)
    return Course(settings, analyzer, root, labelled, data.stem, registry, tracking)
