"""Embed: turn aligned faces into vectors of unit length."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import numpy as np

from visavis.core.settings import EmbedOptions
from visavis.core.types import Faces, Floats, Pixels
from visavis.vision.decoders.base import EmbedderDecoder
from visavis.vision.engines.onnx_engine import OnnxEngine
from visavis.vision.opencv import mirror
from visavis.vision.stages.align import align

MOST_AT_ONCE = 16
"""Chips cut and run together; more only cost memory."""


@dataclass(frozen=True, slots=True)
class Embed:
    """Turns faces into vectors.

    Attributes:
        engine: Runs the graph.
        decoder: Knows the graph's alignment and input.
        options: Whether the mirrored face is averaged in.
    """

    engine: OnnxEngine
    decoder: EmbedderDecoder
    options: EmbedOptions

    def __call__(self, pairs: list[tuple[Pixels, Faces]]) -> list[Faces]:
        """Return the faces of each picture with `embeddings` (n, d) float32 of unit length."""
        chips = (chip for image, faces in pairs for chip in align(image, faces, self.decoder))
        vectors = self.embed(chips)
        ends = np.cumsum([len(faces) for _, faces in pairs])[:-1]
        parts = zip(pairs, np.split(vectors, ends), strict=True)
        return [faces.with_embeddings(part) for (_, faces), part in parts]

    def embed(self, chips: Iterable[Pixels]) -> Floats:
        """Return (n, d) float32 unit vectors of aligned chips, each (size, size, 3) RGB."""
        source, parts = iter(chips), [np.zeros((0, 0), np.float32)]
        while batch := list(islice(source, MOST_AT_ONCE)):
            parts.append(self._vectors(batch))
        return np.concatenate(parts[1:] or parts)

    def _vectors(self, chips: list[Pixels]) -> Floats:
        vectors = self.engine.run(self.decoder.prepare(chips))[0]
        if self.options.mirror:
            mirrored = [mirror(chip) for chip in chips]
            vectors = vectors + self.engine.run(self.decoder.prepare(mirrored))[0]
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Floats = vectors / np.maximum(length, np.finfo(np.float32).tiny)
        return unit
