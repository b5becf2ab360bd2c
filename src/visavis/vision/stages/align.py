"""Align: cut each face out upright, at the size and place its embedder knows."""

from collections.abc import Iterator

from visavis.core.types import Faces, Pixels
from visavis.vision.decoders.base import EmbedderDecoder
from visavis.vision.warp import cut


def align(image: Pixels, faces: Faces, decoder: EmbedderDecoder) -> Iterator[Pixels]:
    """Yield an upright chip (size, size, 3) uint8 RGB a face; outside the picture is black."""
    for matrix in decoder.align(faces):
        yield cut(image, matrix, decoder.size)
