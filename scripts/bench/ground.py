"""What all benches stand on: the test data, the engine, the faces found once."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from scripts.bench.figures import Missing
from visavis.core.settings import Settings
from visavis.core.types import Faces, Pixels, Source
from visavis.entry.wiring import build, build_analyzer
from visavis.lab.boxes import LabelledPicture, read_boxes
from visavis.lab.roots import Root, open_root
from visavis.usecases.analysis import Analyses
from visavis.vision.analyzer import Analyzer
from visavis.vision.engines.onnx_engine import usable_cores
from visavis.vision.images import decode
from visavis.vision.weights.catalog import find_pack
from visavis.vision.weights.shelf import WeightShelf

REPO = Path(__file__).resolve().parents[2]


def data_folder() -> Path:
    """Return where the test data lie: `VISAVIS_TEST_DATA`, or `shared/data` beside the project."""
    return Path(os.environ.get("VISAVIS_TEST_DATA", REPO.parent / "shared" / "data"))


@dataclass
class Ground:
    """Everything is made when it is first needed.

    Attributes:
        settings: The deployment that is measured.
        folder: The test data.
        cores: Cores this process may use.
    """

    settings: Settings
    folder: Path = field(default_factory=data_folder)
    cores: int = field(default_factory=usable_cores)

    def path(self, *parts: str) -> Path:
        """Return a path in the test data.

        Raises:
            Missing: it is not there.
        """
        path = self.folder.joinpath(*parts)
        if not path.exists():
            raise Missing(f"there is no {path}; set VISAVIS_TEST_DATA to the test data")
        return path

    @cached_property
    def shelf(self) -> WeightShelf:
        """The weights on this machine."""
        return WeightShelf(self.settings.cache)

    @cached_property
    def analyses(self) -> Analyses:
        """The engine as every door has it."""
        return build(self.settings).analyses

    @cached_property
    def analyzer(self) -> Analyzer:
        """The pipeline without the queue, on one thread."""
        return build_analyzer(self.settings, self.shelf)

    def weight(self, role: str) -> Path:
        """Return the ONNX file that serves as `detector`, `mesh` or `embedder`."""
        return self.shelf.ensure(getattr(find_pack(self.settings.pack), role))

    def raw(self, name: str) -> Path:
        """Return a weight as its publisher ships it, kept in the cache beside the ONNX file."""
        path = self.shelf.ensure(name).with_name("raw")
        if not path.is_file():
            raise Missing(f"the cache keeps no raw file of {name}; pull it anew")
        return path

    def root(self, *parts: str) -> Root:
        """Open a folder or .zip of pictures."""
        return open_root(self.path(*parts), self.settings.images.max_bytes)

    @cached_property
    def crowd(self) -> list[LabelledPicture]:
        """The labelled pictures of `wider_dev`."""
        return read_boxes(self.path("wider_dev", "boxes.txt").read_text())

    @cached_property
    def crowd_sources(self) -> list[Source]:
        """The encoded pictures of `wider_dev`."""
        root = self.root("wider_dev", "images.zip")
        return [Source(picture.name, root.read(picture.name)) for picture in self.crowd]

    def decoded(self, sources: list[Source]) -> list[Pixels]:
        """Decode pictures, all cores at once."""
        with ThreadPoolExecutor(self.cores) as pool:
            return list(pool.map(lambda s: decode(s.data, self.settings.images), sources))

    @cached_property
    def portraits(self) -> list[tuple[Pixels, Faces]]:
        """The studio portraits with their one face each, meshed."""
        paths = sorted(self.path("london").glob("*/*.jpg"))
        images = self.decoded([Source(path.name, path.read_bytes()) for path in paths])
        found = [self.analyzer.detect(image).select([0]) for image in images]
        return list(
            zip(images, self.analyzer.mesh(list(zip(images, found, strict=True))), strict=True)
        )

    def close(self) -> None:
        """Stop the engine if it was started."""
        if "analyses" in self.__dict__:
            self.analyses.close()
