"""Crops for training: each labelled face is cut out once and kept for the next run.

A crop has a margin around what the head will see, so that shifting and turning it while training
brings in real pixels instead of black.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from visavis.core.attributes import Head
from visavis.core.errors import InvalidInput
from visavis.core.types import QUALITY_PARTS, Feature, Pixels
from visavis.lab.labels import Labelled
from visavis.lab.portraits import Portrait, PortraitReader
from visavis.usecases.drift import tenths
from visavis.vision.decoders.dlib_resnet import chip_matrices
from visavis.vision.heads.card import CropSpec
from visavis.vision.stages.observe import observe
from visavis.vision.warp import cut

MARGIN = 1.1875
"""Side of a kept crop in units of what the head sees."""

HELD_OUT = 16
"""One picture in so many is held out of training, to calibrate on and to compare versions by."""

NO_LABEL = -1


@dataclass(frozen=True, slots=True)
class CropSet:
    """Crops with their labels.

    Attributes:
        pixels: (n, side, side, 3) uint8 RGB, on disk.
        truth: Class of each crop for each head, (n,) int64; `NO_LABEL` where there is none.
        held_out: (n,) bool, which crops are not trained on. It depends on nothing but a picture's
            own bytes: the same picture is held out in every run, and copies of it with it.
        sha256: Of the names and bytes of the pictures.
        spec: What the head sees.
        files: Name of the picture of each crop.
        failures: Pictures that could not be used.
        assumed: How many faces were not found but taken to lie at the usual place.
        quality_shares: Share of the held-out faces in each tenth of overall quality.
    """

    pixels: Pixels
    truth: Mapping[Head, NDArray[np.int64]]
    held_out: NDArray[np.bool_]
    sha256: str
    spec: CropSpec
    files: tuple[str, ...] = ()
    failures: int = 0
    assumed: int = 0
    quality_shares: tuple[float, ...] | None = None

    def __len__(self) -> int:
        return len(self.pixels)


def kept_side(spec: CropSpec) -> int:
    """Return the side of a kept crop, pixels."""
    return round(spec.size * MARGIN / 2) * 2


def load_crops(
    reader: PortraitReader,
    labelled: Sequence[Labelled],
    heads: Collection[Head],
    spec: CropSpec,
    folder: Path,
    *,
    note: Callable[[str], None] = lambda _: None,
) -> CropSet:
    """Return the crops of the labelled faces, from the folder where they lie there already.

    Args:
        reader: Finds the faces.
        labelled: What to cut and what it shows.
        heads: Whose labels matter; faces without any of them are left out.
        spec: What the head sees.
        folder: Where crops are kept; it grows by about 95 KB a face at 150 px.
        note: Called with a sentence for each step.

    Raises:
        InvalidInput: no picture can be used.
    """
    wanted = [item for item in labelled if set(item.truth) & set(heads)]
    sha256 = _hash_of(reader, wanted)
    place = folder / f"{sha256[:16]}-{reader.analyzer.pack}-{spec.size}-{spec.padding:g}"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f"{place.name}.lock"):  # another training may want the same faces
        if not (place / "done.json").is_file():
            note("finding and cutting out the faces (kept for the next run)")
            _cut_all(reader, wanted, spec, place)
    facts = json.loads((place / "done.json").read_text("utf-8"))
    pixels = np.load(place / "crops.npy", mmap_mode="r", allow_pickle=False)[: len(facts["files"])]
    by_file = {item.file: item for item in wanted}
    kept = [by_file[name] for name in facts["files"]]
    truth = {head: _truth(kept, head) for head in heads}
    return CropSet(
        pixels=pixels,
        truth=truth,
        held_out=np.array(facts["held_out"], bool),
        sha256=sha256,
        spec=spec,
        files=tuple(facts["files"]),
        failures=facts["failures"],
        assumed=facts["assumed"],
        quality_shares=tuple(facts["quality_shares"]),
    )


def _truth(kept: Sequence[Labelled], head: Head) -> NDArray[np.int64]:
    return np.array([item.truth.get(head, NO_LABEL) for item in kept], np.int64)


def _hash_of(reader: PortraitReader, wanted: Sequence[Labelled]) -> str:
    """Name the pictures by their bytes and order; labels may change without cutting anew."""
    whole = hashlib.sha256()
    for item in wanted:
        whole.update(item.file.encode())
        if reader.root.has(item.file):
            whole.update(hashlib.sha256(reader.root.read(item.file)).digest())
    return whole.hexdigest()


def _cut_all(
    reader: PortraitReader, wanted: Sequence[Labelled], spec: CropSpec, place: Path
) -> None:
    """Cut every face; `done.json` is written last, so that an interrupted run is done again."""
    place.mkdir(parents=True, exist_ok=True)
    side = kept_side(spec)
    out = open_memmap(
        place / "crops.npy", mode="w+", dtype=np.uint8, shape=(len(wanted), side, side, 3)
    )
    wide = CropSpec(size=side, padding=(1 + 2 * spec.padding) * MARGIN / 2 - 0.5)
    files: list[str] = []
    held_out: list[bool] = []
    qualities: list[float] = []
    assumed = 0
    for portrait in reader.read([item.file for item in wanted]):
        matrix = chip_matrices(portrait.faces, wide.size, wide.padding)[0]
        out[len(files)] = cut(portrait.image, matrix, side)
        files.append(portrait.name)
        held_out.append(is_held_out(reader.root.read(portrait.name)))
        if held_out[-1]:
            qualities.append(_quality_of(portrait))
        assumed += portrait.assumed
    out.flush()
    if not files:
        raise InvalidInput("none of the listed pictures can be used; check --data and the labels")
    facts = {
        "files": files,
        "held_out": held_out,
        "failures": len(reader.failures),
        "assumed": assumed,
        "quality_shares": _shares_of(qualities),
    }
    partial = place / "done.json.part"
    partial.write_text(json.dumps(facts), "utf-8")
    partial.replace(place / "done.json")


def _quality_of(portrait: Portrait) -> float:
    """Return the overall quality of the face, 0..100, or NaN."""
    (faces,) = observe([(portrait.image, portrait.faces)], {Feature.QUALITY})
    assert faces.quality is not None  # noqa: S101  # it was asked for
    return float(faces.quality[0, QUALITY_PARTS.index("overall")])


def _shares_of(qualities: Sequence[float]) -> list[float]:
    """Return the share of faces in each tenth of quality; even when there are none."""
    rows = tenths(np.array(qualities, np.float64))
    shares: list[float] = (rows.mean(axis=0) if len(rows) else np.full(10, 0.1)).tolist()
    return shares


def is_held_out(picture: bytes) -> bool:
    """Say whether a picture (its bytes) is kept out of training, in every run and every copy."""
    return hashlib.sha256(picture).digest()[0] % HELD_OUT == 0
