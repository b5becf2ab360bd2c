"""Attributes: everything that can be told of a face beside who it is."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from visavis.core.attributes import Head
from visavis.core.types import Faces, Feature, Pixels
from visavis.vision.heads.shelf import HeadShelf
from visavis.vision.stages.closeups import MOST_AT_ONCE
from visavis.vision.stages.observe import OBSERVED, observe

ATTRIBUTES = OBSERVED | {Feature(head) for head in Head}
"""Features that this stage gives."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """Gives what the heads say, and what mesh and pixels tell.

    Attributes:
        shelf: Gives the heads; all faces of one call are answered by the same set.
    """

    shelf: HeadShelf

    def __call__(self, pairs: list[tuple[Pixels, Faces]], wanted: Collection[str]) -> list[Faces]:
        """Return the faces of each picture with those of `ATTRIBUTES` that are wanted.

        Args:
            pairs: Pictures (h, w, 3) uint8 RGB, upright, and their faces with the mesh.
            wanted: Names of features; others are left to others.

        Raises:
            WeightsError: a head file is missing or damaged.
        """
        heads = [head for head in Head if head in wanted]
        return observe(pairs, wanted, self.shelf.current().for_heads(heads) if heads else ())

    def warm_up(self) -> None:
        """Load the heads and run each once; a head that is missing is told when it is asked."""
        nets = {net.card.version: net for net in self.shelf.current().nets.values()}
        for net in nets.values():
            size = net.card.crop.size
            net.engine.run(np.zeros((MOST_AT_ONCE, size, size, 3), np.uint8))
