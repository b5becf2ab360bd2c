"""Align: cut each face out upright, at the size and place its embedder knows."""

from visavis.core.types import Faces, Pixels
from visavis.vision.decoders.base import EmbedderDecoder
from visavis.vision.warp import cut


def align(image: Pixels, faces: Faces, decoder: EmbedderDecoder) -> list[Pixels]:
    """Return an upright chip (size, size, 3) uint8 RGB a face; outside the picture is black."""
    return [cut(image, matrix, decoder.size) for matrix in decoder.align(faces)]
