"""Attributes: ask the heads about each face; calibrated probabilities come back."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from visavis.core.attributes import CLASSES, Head
from visavis.core.types import Answers, Faces, Floats, Pixels
from visavis.vision.decoders.dlib_resnet import chip_matrices
from visavis.vision.heads.card import CropSpec
from visavis.vision.heads.shelf import HeadNet, HeadShelf
from visavis.vision.opencv import tensor
from visavis.vision.warp import cut

MOST_AT_ONCE = 16
"""Crops cut and run together; more only cost memory."""


def crops_of(image: Pixels, faces: Faces, spec: CropSpec) -> Iterator[Pixels]:
    """Yield the upright crop (size, size, 3) uint8 RGB of each face; outside is black."""
    for matrix in chip_matrices(faces, spec.size, spec.padding):
        yield cut(image, matrix, spec.size)


@dataclass(frozen=True, slots=True)
class Attributes:
    """Asks the heads that serve.

    Attributes:
        shelf: Gives them; all faces of one call are answered by the same set.
    """

    shelf: HeadShelf

    def __call__(self, pairs: list[tuple[Pixels, Faces]], wanted: Collection[Head]) -> list[Faces]:
        """Return the faces of each picture with `heads`.

        Raises:
            WeightsError: a head file is missing or damaged.
        """
        answers = {
            head: part
            for net, heads in self.shelf.current().for_heads(wanted)
            for head, part in _ask(net, heads, pairs).items()
        }
        ends = np.cumsum([len(faces) for _, faces in pairs])
        starts = [0, *ends[:-1]]
        return [
            faces.with_heads({h: a.select(slice(i, j)) for h, a in answers.items()})
            for (_, faces), i, j in zip(pairs, starts, ends, strict=True)
        ]

    def warm_up(self) -> None:
        """Load the heads and run each once; a head that is missing is told when it is asked."""
        nets = {net.card.version: net for net in self.shelf.current().nets.values()}
        for net in nets.values():
            size = net.card.crop.size
            net.engine.run(np.zeros((MOST_AT_ONCE, 3, size, size), np.float32))


def _ask(net: HeadNet, heads: list[Head], pairs: list[tuple[Pixels, Faces]]) -> dict[Head, Answers]:
    """Run one file over the faces of all pictures."""
    crops = (crop for image, faces in pairs for crop in crops_of(image, faces, net.card.crop))
    parts: dict[Head, list[Floats]] = {head: [] for head in heads}
    while batch := list(islice(crops, MOST_AT_ONCE)):
        outputs = net.engine.run(tensor(batch))
        for head in heads:
            parts[head].append(outputs[net.outputs[head]])
    return {
        head: Answers(
            _joined(head, parts[head]), net.card.version, net.card.heads[head].unknown_below
        )
        for head in heads
    }


def _joined(head: Head, parts: list[Floats]) -> Floats:
    return np.concatenate([np.zeros((0, len(CLASSES[head])), np.float32), *parts])
