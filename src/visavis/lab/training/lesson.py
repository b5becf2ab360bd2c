"""A lesson: faces as a small embedder sees them, and what a large one, its teacher, makes of them.

Nobody is named. Beside each face stands a blend of it with another one, and what the teacher makes
of that: a face that nobody has, which costs no picture and keeps the pupil from learning the
pictures by heart (mixup with the teacher's own answer: Beyer et al., 2022).
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from filelock import FileLock
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from visavis.core.errors import InvalidInput
from visavis.core.types import Floats, Pixels
from visavis.lab.portraits import Portrait, PortraitReader
from visavis.lab.training.crops import MARGIN, is_held_out
from visavis.vision.decoders.dlib_resnet import chip_matrices
from visavis.vision.decoders.lite import PADDING, SIZE
from visavis.vision.opencv import blend
from visavis.vision.stages.align import align
from visavis.vision.stages.embed import Embed
from visavis.vision.warp import cut

KEPT_SIDE = round(SIZE * MARGIN / 2) * 2
"""Side of a kept crop, pixels: shifts and turns while training bring in real pixels."""

_AT_ONCE = 64
_SEED = 20261121
_FORMAT = 1
_WIDE = (1 + 2 * PADDING) * MARGIN / 2 - 0.5


@dataclass(frozen=True, slots=True)
class Lesson:
    """What there is to learn from.

    Attributes:
        pixels: (n, KEPT_SIDE, KEPT_SIDE, 3) uint8 RGB, on disk.
        vectors: (n, d) float32 of unit length, the teacher's.
        other: (n,) int64, with which face each one is blended.
        shares: (n,) float32, the share of the face itself in its blend.
        blended: (n, d) float32 of unit length, what the teacher makes of the blend.
        held_out: (n,) bool, which faces are not learned from; it depends on nothing but a
            picture's own bytes.
        sha256: Of the names and bytes of the pictures.
        teacher: Id of the embedder that taught, such as `dlib_resnet@1`.
        skipped: Pictures that could not be read, or showed no face that was found.
    """

    pixels: Pixels
    vectors: Floats
    other: NDArray[np.int64]
    shares: Floats
    blended: Floats
    held_out: NDArray[np.bool_]
    sha256: str
    teacher: str
    skipped: int

    def __len__(self) -> int:
        return len(self.pixels)


def load_lesson(
    reader: PortraitReader,
    names: Sequence[str],
    folder: Path,
    *,
    note: Callable[[str], None] = lambda _: None,
) -> Lesson:
    """Return the lesson that the named pictures give, from the folder where it lies already.

    Args:
        reader: Finds the faces; its analyzer's embedder is the teacher.
        names: The pictures, below the reader's root.
        folder: Where lessons are kept; it grows by about 40 KB a face.
        note: Called with a sentence for each step.

    Raises:
        InvalidInput: no picture can be used.
    """
    sha256 = _hash_of(reader, names)
    teacher = reader.analyzer.embedder
    place = folder / f"lesson-{_FORMAT}-{sha256[:16]}-{reader.analyzer.pack}-{KEPT_SIDE}"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f"{place.name}.lock"):  # another training may want the same faces
        if not (place / "done.json").is_file():
            note("finding the faces and asking the teacher (kept for the next run)")
            _prepare(reader, names, place)
    facts = json.loads((place / "done.json").read_text("utf-8"))
    count = facts["faces"]
    arrays = {
        name: np.load(place / f"{name}.npy", allow_pickle=False)
        for name in ("vectors", "other", "shares", "blended", "held_out")
    }
    pixels = np.load(place / "pixels.npy", mmap_mode="r", allow_pickle=False)[:count]
    return Lesson(pixels, **arrays, sha256=sha256, teacher=teacher, skipped=len(names) - count)


def _hash_of(reader: PortraitReader, names: Sequence[str]) -> str:
    whole = hashlib.sha256()
    for name in names:
        whole.update(name.encode())
        whole.update(hashlib.sha256(reader.root.read(name)).digest())
    return whole.hexdigest()


def _prepare(reader: PortraitReader, names: Sequence[str], place: Path) -> None:
    """Cut and ask; `done.json` is written last, so that an interrupted run is done again."""
    place.mkdir(parents=True, exist_ok=True)
    shape = (len(names), KEPT_SIDE, KEPT_SIDE, 3)
    pixels = open_memmap(place / "pixels.npy", mode="w+", dtype=np.uint8, shape=shape)
    dice = np.random.default_rng(_SEED)
    held_out: list[bool] = []
    parts: list[_Asked] = []
    for batch in _batches(reader.read(names)):
        start = len(held_out)
        for i, portrait in enumerate(batch, start):
            pixels[i] = _kept(portrait)
        held_out += [is_held_out(reader.root.read(portrait.name)) for portrait in batch]
        parts.append(_ask(reader.analyzer.embed, batch, start, dice))
    pixels.flush()
    if not held_out:
        raise InvalidInput("none of the pictures shows a face that can be found; check --root")
    for name in ("vectors", "other", "shares", "blended"):
        np.save(place / f"{name}.npy", np.concatenate([getattr(part, name) for part in parts]))
    np.save(place / "held_out.npy", np.array(held_out, bool))
    partial = place / "done.json.part"
    partial.write_text(json.dumps({"faces": len(held_out)}), "utf-8")
    partial.replace(place / "done.json")


def _batches(portraits: Iterator[Portrait]) -> Iterator[list[Portrait]]:
    """Yield found faces, many at once; where none was found there is nothing to learn."""
    found = (portrait for portrait in portraits if not portrait.assumed)
    while batch := list(islice(found, _AT_ONCE)):
        yield batch


def _kept(portrait: Portrait) -> Pixels:
    """Return the crop with its margin, at the pupil's scale."""
    return cut(portrait.image, chip_matrices(portrait.faces, KEPT_SIDE, _WIDE)[0], KEPT_SIDE)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the teacher said of a batch; the attributes are those of `Lesson`."""

    vectors: Floats
    other: NDArray[np.int64]
    shares: Floats
    blended: Floats


def _ask(teacher: Embed, batch: list[Portrait], start: int, dice: np.random.Generator) -> _Asked:
    """Ask about each face of a batch, and about its blend with another one of the batch."""
    chips = [chip for p in batch for chip in align(p.image, p.faces, teacher.decoder)]
    other = (np.arange(len(batch)) + dice.integers(1, max(2, len(batch)))) % len(batch)
    shares = dice.uniform(0.5, 0.8, len(batch)).astype(np.float32)
    blends = [
        blend(chip, chips[j], float(s)) for chip, j, s in zip(chips, other, shares, strict=True)
    ]
    return _Asked(teacher.embed(chips), start + other, shares, teacher.embed(blends))
