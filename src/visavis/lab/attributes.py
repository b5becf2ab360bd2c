"""Attributes on labelled portraits: how often the heads are right, over all faces and by group.

What is reported are aggregates, so that this may ask heads which a deployment keeps off.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from visavis.core.attributes import Head
from visavis.core.errors import InvalidInput
from visavis.core.settings import ImageOptions
from visavis.core.types import Answers, Floats
from visavis.lab.asking import ask
from visavis.lab.attribute_measures import (
    groups_of,
    measure,
    measure_groups,
    measure_unknown,
    worst_gap,
)
from visavis.lab.labels import Labelled, sha256_of_data
from visavis.lab.portraits import PortraitReader, for_portraits
from visavis.lab.roots import Root
from visavis.usecases.analysis import Failure
from visavis.vision.analyzer import Analyzer
from visavis.vision.heads.shelf import HeadSet


@dataclass(frozen=True, slots=True)
class AttributesReport:
    """Figures of one run; proportions are 0..1.

    Attributes:
        pictures: Different pictures in the list with a label that was measured.
        faces: Those that were answered about, one face each.
        failures: Those that could not be read; no figure counts them.
        assumed: Faces that the detector did not see, taken to lie at the usual place.
        data: SHA-256 of the whole list and its pictures.
        pack: Name of the weights that found the faces.
        versions: Which head file answered, by head.
        heads: Figures by head: those of `measure`, and `unknown` of `measure_unknown`.
        groups: `measure_groups` by head.
        worst_gap: `worst_gap` by head; None where too few groups are large enough.
        ms_per_face: Wall time of cutting out and answering, by head file: median of five runs over
            the same 16 faces, or as many as there are, with nothing else at work here.
        measured: When, ISO 8601 in UTC.
        unreadable: Pictures that could not be read, and why.
    """

    pictures: int
    faces: int
    failures: int
    assumed: int
    data: str
    pack: str
    versions: Mapping[str, str]
    heads: Mapping[str, Mapping[str, Any]]
    groups: Mapping[str, Mapping[str, Mapping[str, Any]]]
    worst_gap: Mapping[str, Mapping[str, Any] | None]
    ms_per_face: Mapping[str, float]
    measured: str
    unreadable: Sequence[Failure] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the report as one object, each measured head under its own name."""
        facts = asdict(self)
        heads: dict[str, Any] = facts.pop("heads")
        return facts | heads


def evaluate_attributes(
    analyzer: Analyzer,
    root: Root,
    labelled: Sequence[Labelled],
    images: ImageOptions,
    workers: int,
    heads: Collection[Head] | None = None,
    tick: Callable[[], None] = lambda: None,
) -> AttributesReport:
    """Measure the heads that serve.

    Args:
        analyzer: The pipeline; its detector is set for portraits.
        root: Where the pictures lie.
        labelled: What they show.
        images: Caps on pictures.
        workers: Pictures worked on at the same time.
        heads: Which to measure; None = all that serve and that the labels know.
        tick: Called once for each picture that is done.

    Raises:
        InvalidInput: the labels lack one of `heads`, or none of the pictures is there.
        WeightsError: no file answers one of `heads`.
        Unavailable: no picture can be read, or none shows a face.
    """
    measured = measurable(analyzer, labelled, heads)
    return _evaluate(analyzer, root, labelled, images, workers, [measured], tick)[0]


def measurable(
    analyzer: Analyzer, labelled: Sequence[Labelled], heads: Collection[Head] | None = None
) -> HeadSet:
    """Return the heads that `evaluate_attributes` would measure, and the files that answer them.

    Raises:
        WeightsError: no file answers one of `heads`.
    """
    serving = analyzer.attributes.shelf.current()
    wanted = set(heads) if heads is not None else labelled_heads(labelled) & set(serving.nets)
    serving.for_heads(wanted)
    return serving.only(wanted)


def compare(
    analyzer: Analyzer,
    root: Root,
    labelled: Sequence[Labelled],
    sets: Sequence[HeadSet],
    images: ImageOptions,
    workers: int,
    heads: Collection[Head] | None = None,
    tick: Callable[[], None] = lambda: None,
) -> list[AttributesReport]:
    """Measure several sets of head files on the same portraits, which are read once.

    Args:
        analyzer: The pipeline; its detector is set for portraits, its heads are not asked.
        root: Where the pictures lie.
        labelled: What they show.
        sets: The files that answer.
        images: Caps on pictures.
        workers: Pictures worked on at the same time.
        heads: Which to measure; None = all that the labels know. A set is measured on those of
            them that it answers.
        tick: Called once for each picture that is done.

    Returns:
        One report a set, in the same order.

    Raises:
        InvalidInput: the labels lack one of `heads`, a set answers none of them, or none of the
            pictures is there.
        Unavailable: no picture can be read, or none shows a face.
    """
    wanted = set(heads) if heads is not None else labelled_heads(labelled)
    for given in sets:
        if not given.only(wanted).nets:
            names, words = (", ".join(sorted(set(x))) for x in (given.versions.values(), wanted))
            raise InvalidInput(f"{names} does not answer {words}; choose another file")
    chosen = [given.only(wanted) for given in sets]
    return _evaluate(analyzer, root, labelled, images, workers, chosen, tick)


def labelled_heads(labelled: Iterable[Labelled]) -> set[Head]:
    """Return the heads that at least one face is labelled for."""
    return {head for item in labelled for head in item.truth}


def _evaluate(
    analyzer: Analyzer,
    root: Root,
    labelled: Sequence[Labelled],
    images: ImageOptions,
    workers: int,
    sets: Sequence[HeadSet],
    tick: Callable[[], None],
) -> list[AttributesReport]:
    wanted = {head for pinned in sets for head in pinned.nets}
    if missing := sorted(wanted - labelled_heads(labelled)):
        raise InvalidInput(f"the labels say nothing about {missing[0]}; choose other heads")
    if not wanted:
        raise InvalidInput("no head that serves is labelled; label age, gender, race or emotion")
    items = {item.file: item for item in labelled if wanted & set(item.truth)}
    reader = PortraitReader(for_portraits(analyzer), root, images, workers, tick)
    asked = ask(sets, reader.read(list(items)))
    data, truths = sha256_of_data(labelled, root), [items[name].truth for name in asked.names]
    measured = datetime.now(UTC).isoformat(timespec="seconds")
    return [
        AttributesReport(
            pictures=len(items),
            faces=len(asked.names),
            failures=len(reader.failures),
            assumed=asked.assumed,
            data=data,
            pack=analyzer.pack,
            versions={head.value: answers[head].version for head in answers},
            **_figures(answers, truths),
            ms_per_face=ms_per_face,
            measured=measured,
            unreadable=reader.failures,
        )
        for answers, ms_per_face in zip(asked.answers, asked.ms_per_face, strict=True)
    ]


def _figures(
    answers: Mapping[Head, Answers], truths: Sequence[Mapping[Head, int]]
) -> dict[str, Any]:
    """Return `heads`, `groups` and `worst_gap` of the report."""
    everyone = groups_of(truths)
    heads: dict[str, Any] = {}
    groups: dict[str, Any] = {}
    for head, said in answers.items():
        known = np.array([head in truth for truth in truths])
        if not known.any():  # every picture with this label failed
            continue
        truth = np.array([truth[head] for truth in truths if head in truth], np.int64)
        chosen: Floats = said.probabilities[known]
        heads[head.value] = measure(head, chosen, truth)
        heads[head.value]["unknown"] = measure_unknown(chosen, truth, said.unknown_below)
        members = {name: mask[known] for name, mask in everyone.items()}
        groups[head.value] = measure_groups(head, chosen, truth, members)
    gaps = {head: worst_gap(found) for head, found in groups.items()}
    return {"heads": heads, "groups": groups, "worst_gap": gaps}
