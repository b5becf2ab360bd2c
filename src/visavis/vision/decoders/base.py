"""The contracts between stages and families of learned graphs."""

from dataclasses import dataclass
from typing import Protocol

from visavis.core.types import Faces, Floats, Pixels


@dataclass(frozen=True, slots=True)
class Candidates:
    """Boxes before suppression, in pixels of the tensor they were found on.

    Attributes:
        boxes: (n, 4) float32, x1 y1 x2 y2.
        scores: (n,) float32, 0..1.
        points: (n, 5, 2) float32, x y, in the order of `POINT_NAMES`.
    """

    boxes: Floats
    scores: Floats
    points: Floats


class DetectorDecoder(Protocol):
    """How one detector family wants its picture and says what it saw."""

    stride: int
    """Height and width of the input must be multiples of this."""

    def prepare(self, canvas: Pixels) -> Floats:
        """Turn an RGB picture (h, w, 3), sides multiples of `stride`, into the input tensor."""
        ...

    def decode(self, outputs: list[Floats], threshold: float, shape: tuple[int, int]) -> Candidates:
        """Turn the graph's outputs for one picture into candidates scoring at least `threshold`.

        Args:
            outputs: In the graph's order.
            threshold: Lowest score, 0..1.
            shape: Height and width of the input tensor, pixels.
        """
        ...


class EmbedderDecoder(Protocol):
    """How one embedder family wants its faces."""

    @property
    def size(self) -> int:
        """Side of the square chip, pixels."""
        ...

    def align(self, faces: Faces) -> Floats:
        """Return (n, 2, 3) matrices that map the picture onto each face's chip."""
        ...

    def prepare(self, chips: list[Pixels]) -> Floats:
        """Turn chips (size, size, 3) uint8 RGB into the input tensor."""
        ...
