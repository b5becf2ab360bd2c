"""The pipeline: pictures in, faces out; detect → mesh → describe, each only when asked for."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from visavis.core.types import Faces, Feature, Pixels
from visavis.vision.stages.attributes import ATTRIBUTES, Attributes
from visavis.vision.stages.detect import Detect
from visavis.vision.stages.embed import MOST_AT_ONCE, Embed
from visavis.vision.stages.mesh import Mesh


@dataclass(frozen=True, slots=True)
class Analyzer:
    """One pack of weights, loaded and ready; safe to call from several threads.

    Attributes:
        pack: Name of the pack.
        embedder: What is noted beside its vectors, such as `dlib_resnet@1`.
        detect: Finds boxes and points.
        mesh: Lays 468 points on each face.
        embed: Turns faces into vectors.
        attributes: Tells what else can be told of faces.
    """

    pack: str
    embedder: str
    detect: Detect
    mesh: Mesh
    embed: Embed
    attributes: Attributes

    def analyze(self, images: list[Pixels], features: Collection[Feature]) -> list[Faces]:
        """Return the faces of each upright RGB picture (h, w, 3) uint8, best score first.

        Raises:
            WeightsError: a head that is asked for cannot be loaded.
        """
        found = [self.detect(image) for image in images]
        return self.describe(list(zip(images, found, strict=True)), features)

    def describe(
        self, pairs: list[tuple[Pixels, Faces]], features: Collection[Feature]
    ) -> list[Faces]:
        """Return the faces of each picture with what is asked for; they were found before.

        Faces of all pictures share the runs of each graph. All features need the mesh: it places
        the points, by which faces are cut out, more finely than the detector.

        Raises:
            WeightsError: a head that is asked for cannot be loaded.
        """
        images = [image for image, _ in pairs]
        faces = [found for _, found in pairs]
        if not images or not features:
            return faces
        faces = self.mesh(list(zip(images, faces, strict=True)))
        if Feature.EMBEDDING in features:
            faces = self.embed(list(zip(images, faces, strict=True)))
        if ATTRIBUTES.intersection(features):
            faces = self.attributes(list(zip(images, faces, strict=True)), features)
        return faces

    def warm_up(self, threads: int) -> None:
        """Run the graphs once at their largest, in as many threads as will use them.

        The runtime's memory then stands at its peak from the start, instead of growing whenever
        more large pictures than ever before happen to meet, and the first request is not slow.
        """
        side = self.detect.options.long_side_px
        once = replace(
            self.detect, options=self.detect.options.model_copy(update={"try_rotations": False})
        )

        def touch(_: int) -> None:
            once(np.zeros((side, side, 3), np.uint8))
            self.embed.embed([np.zeros((chip, chip, 3), np.uint8)] * MOST_AT_ONCE)
            self.attributes.warm_up()

        chip = self.embed.decoder.size
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(touch, range(threads)))
