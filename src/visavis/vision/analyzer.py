"""The pipeline: pictures in, faces out; detect → mesh → align → embed, each only when asked for."""

from collections.abc import Collection
from dataclasses import dataclass

from visavis.core.types import Faces, Feature, Pixels
from visavis.vision.stages.detect import Detect
from visavis.vision.stages.embed import Embed
from visavis.vision.stages.mesh import Mesh


@dataclass(frozen=True, slots=True)
class Analyzer:
    """One pack of weights, loaded and ready; safe to call from several threads.

    Attributes:
        pack: Name of the pack.
        detect: Finds boxes and points.
        mesh: Lays 468 points on each face.
        embed: Turns faces into vectors.
    """

    pack: str
    detect: Detect
    mesh: Mesh
    embed: Embed

    def analyze(self, images: list[Pixels], features: Collection[Feature]) -> list[Faces]:
        """Return the faces of each upright RGB picture (h, w, 3) uint8, best score first.

        Faces of all pictures share the runs of the mesh and the embedder. Points and vectors need
        the mesh too: it places the points more finely than the detector.
        """
        if not images:
            return []
        found = [self.detect(image) for image in images]
        wants_vectors = Feature.EMBEDDING in features
        if {Feature.POINTS, Feature.MESH} & set(features) or wants_vectors:
            found = self.mesh(list(zip(images, found, strict=True)))
        if wants_vectors:
            found = self.embed(list(zip(images, found, strict=True)))
        return found
