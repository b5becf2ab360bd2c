"""Asking heads about portraits: several sets of head files see the same faces, read once."""

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from visavis.core.attributes import Head
from visavis.core.types import Answers, Faces, Pixels
from visavis.lab.portraits import Portrait
from visavis.vision.heads.shelf import HeadSet, HeadShelf
from visavis.vision.stages.attributes import Attributes
from visavis.vision.stages.closeups import MOST_AT_ONCE

MOST_PIXELS = 32_000_000
"""Of the pictures asked about together: about 100 MB."""

TIMES = 5
"""How often a batch is timed; the median counts."""

Pair = tuple[Pixels, Faces]


@dataclass(frozen=True, slots=True)
class Asked:
    """What several sets of heads say about the same faces.

    Attributes:
        names: The picture of each face.
        assumed: How many faces were not seen but taken to lie at the usual place.
        answers: What each set says about all of them.
        ms_per_face: Wall time by head file, of each set.
    """

    names: Sequence[str]
    assumed: int
    answers: Sequence[Mapping[Head, Answers]]
    ms_per_face: Sequence[Mapping[str, float]]


class Pinned(HeadShelf):
    """A shelf that always gives one set, whatever is promoted meanwhile.

    Args:
        heads: The set.
    """

    def __init__(self, heads: HeadSet) -> None:
        self._only = heads

    def current(self) -> HeadSet:
        """Return the set."""
        return self._only


def ask(sets: Sequence[HeadSet], portraits: Iterator[Portrait]) -> Asked:
    """Ask every set about every portrait as serving does; then time each on the first batch.

    Args:
        sets: Which heads, and the files that answer them.
        portraits: At least one.
    """
    stages = [Attributes(Pinned(heads)) for heads in sets]
    parts: list[list[Mapping[Head, Answers]]] = [[] for _ in sets]
    names, assumed, first = [], 0, list[Pair]()
    for batch in _batches(portraits):
        pairs = [(portrait.image, portrait.faces) for portrait in batch]
        names += [portrait.name for portrait in batch]
        assumed += sum(portrait.assumed for portrait in batch)
        first = first or pairs
        for stage, heads, kept in zip(stages, sets, parts, strict=True):
            kept += [faces.heads for faces in stage(pairs, heads.nets)]
    times = [_ms_per_face(*each, first) for each in zip(stages, sets, strict=True)]
    return Asked(names, assumed, [_joined(kept) for kept in parts], times)


def _batches(portraits: Iterator[Portrait]) -> Iterator[list[Portrait]]:
    """Yield as many portraits as are answered about together, fewer when they are large."""
    batch: list[Portrait] = []
    pixels = 0
    for portrait in portraits:
        batch.append(portrait)
        pixels += portrait.image.shape[0] * portrait.image.shape[1]
        if len(batch) == MOST_AT_ONCE or pixels > MOST_PIXELS:
            yield batch
            batch, pixels = [], 0
    if batch:
        yield batch


def _joined(parts: Sequence[Mapping[Head, Answers]]) -> dict[Head, Answers]:
    """Return the answers about all faces, heads in their usual order."""
    whole = {}
    for head in filter(parts[0].__contains__, Head):
        rows = np.concatenate([part[head].probabilities for part in parts])
        whole[head] = replace(parts[0][head], probabilities=rows)
    return whole


def _ms_per_face(stage: Attributes, heads: HeadSet, pairs: list[Pair]) -> dict[str, float]:
    """Return the time of cutting out and answering by head file."""
    times = {}
    for net, answered in heads.for_heads(heads.nets.keys()):
        runs = []
        for _ in range(TIMES):
            started = time.perf_counter()
            stage(pairs, answered)
            runs.append(1000 * (time.perf_counter() - started) / len(pairs))
        times[net.card.version] = statistics.median(runs)
    return times
