"""Harmonic embeddings: a learned map makes vectors of one embedder comparable with another's.

Templates outlive embedders. A map that was fitted on the same faces seen by both (see
`visavis.index.harmonic_fit`) turns an old template into what the new embedder would have made of
the face, nearly, without the photo. Vectors of two embedders are never compared without one.
"""

import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from visavis.core.errors import InvalidInput
from visavis.core.types import Floats
from visavis.index.calibration import Calibration

FORMAT = "visavis.harmonic/1"
MOST_DIMENSIONS = 4096
MOST_BENDS = 8192
MOST_BYTES = 256 * 1024 * 1024

_EMBEDDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,99}")
_ARRAYS = ("bends", "weights")
_BLOCK = 16_384
"""Vectors turned at once, so that a million needs no more memory than these."""

_FAULTS = (KeyError, ValueError, OSError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error)
"""What numpy raises for a file that is no archive of arrays, or a broken one."""


class NoHarmonicMap(InvalidInput):
    """Vectors of two embedders were to be compared, and no map leads from one to the other.

    Args:
        source: Embedder of the vectors that there are.
        target: Embedder of the vectors that they were to be compared with.
    """

    def __init__(self, source: str, target: str) -> None:
        super().__init__(
            f"vectors of {source} cannot be compared with those of {target} without a map between "
            f"the two; fit one with `visavis harmonize`, or enrol again with {target}"
        )
        self.source = source
        self.target = target


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well a map meets the real vectors of faces that it was not fitted on.

    Attributes:
        kind: What was chosen: `turn`, `ridge` or `bent`.
        pairs: Faces that both embedders saw.
        cosine: Mean cosine between a face's mapped vector and its real one, −1..1.
        nearest: Share of faces whose real vector is the nearest of all to the mapped one, 0..1.
        among: How many vectors that was told among.
    """

    kind: str
    pairs: int
    cosine: float
    nearest: float
    among: int


@dataclass(frozen=True, slots=True, eq=False)
class HarmonicMap:
    """Turns vectors of one embedder into those of another.

    A vector x of unit length is extended by what bends it, max(0, (x, 1)·bends), and by 1, and
    multiplied by `weights`. Without bends the map is affine.

    Attributes:
        source: Embedder of the vectors that go in, such as `dlib_resnet@1`.
        target: Embedder whose vectors come out.
        bends: (a + 1, m) float32; m = 0 for an affine map.
        weights: (a + m + 1, b) float32.
        agreement: How well it does.
        calibration: What similarities between mapped vectors and real ones of `target` mean: they
            lie elsewhere than those of `target` among themselves. None = not known.
        among: The same between two mapped vectors. None = not known.

    Raises:
        InvalidInput: the parts do not fit together, or are not finite.
    """

    source: str
    target: str
    bends: Floats = field(repr=False)
    weights: Floats = field(repr=False)
    agreement: Agreement
    calibration: Calibration | None = None
    among: Calibration | None = None

    def __post_init__(self) -> None:
        for name in (self.source, self.target):
            if not _EMBEDDER.fullmatch(name):
                raise InvalidInput(f"{name[:50]!r} is no id of an embedder, such as dlib_resnet@1")
        if self.source == self.target:
            raise InvalidInput(f"a map leads from one embedder to another, not from {self.source}")
        if self.bends.ndim != 2 or self.weights.ndim != 2:
            raise InvalidInput("the parts of the map are no matrices; fit it again")
        (a, m), (rows, b) = (self.bends.shape[0] - 1, self.bends.shape[1]), self.weights.shape
        sane = 1 <= a <= MOST_DIMENSIONS and 1 <= b <= MOST_DIMENSIONS and m <= MOST_BENDS
        if not sane or rows != a + m + 1:
            raise InvalidInput("the parts of the map do not fit together; fit it again")
        if not all(np.isfinite(part).all() for part in (self.bends, self.weights)):
            raise InvalidInput("the map holds numbers that are not finite; fit it again")

    @property
    def dimensions(self) -> tuple[int, int]:
        """Dimensions of the vectors that go in and that come out."""
        return self.bends.shape[0] - 1, self.weights.shape[1]

    def apply(self, vectors: Floats) -> Floats:
        """Return (n, b) float32 of unit length for (n, a) vectors of any length above 0.

        Raises:
            InvalidInput: the dimension is another, or a vector is 0 or not finite.
        """
        if vectors.ndim != 2 or vectors.shape[1] != self.dimensions[0]:
            found, wanted = "×".join(map(str, vectors.shape)), self.dimensions[0]
            raise InvalidInput(f"the map takes vectors of {wanted} numbers, not {found}")
        ready = unit(vectors)
        starts = range(0, len(ready), _BLOCK)
        parts = [extended(ready[i : i + _BLOCK], self.bends) @ self.weights for i in starts]
        return unit(np.concatenate([np.zeros((0, self.dimensions[1]), np.float32), *parts]))

    def as_bytes(self) -> bytes:
        """Return the map as an npz archive; `from_bytes` reads it."""
        facts: dict[str, Any] = {"format": FORMAT, "source": self.source, "target": self.target}
        facts["agreement"] = asdict(self.agreement)
        facts["calibration"] = self.calibration and self.calibration.as_json()
        facts["among"] = self.among and self.among.as_json()
        text = np.frombuffer(json.dumps(facts).encode(), np.uint8)
        out = io.BytesIO()
        np.savez(out, facts=text, bends=self.bends, weights=self.weights)
        return out.getvalue()

    @staticmethod
    def from_bytes(data: bytes) -> "HarmonicMap":
        """Return the map that `as_bytes` wrote; nothing in it is ever executed.

        Raises:
            InvalidInput: the bytes are no such map, or a broken one.
        """
        try:
            _require_small(data)
            with np.load(io.BytesIO(data), allow_pickle=False) as archive:
                facts = json.loads(archive["facts"].tobytes())
                arrays = {name: archive[name] for name in _ARRAYS}
            if facts.pop("format") != FORMAT:
                raise InvalidInput("the map is of another format; fit it again")
            source, target = (str(facts.pop(name)) for name in ("source", "target"))
            agreement = Agreement(**facts.pop("agreement"))
            curves = [facts.pop(name, None) for name in ("calibration", "among")]
            read = [None if curve is None else Calibration.from_json(curve) for curve in curves]
            if facts:
                raise InvalidInput("the map says more than this version understands")
        except (*_FAULTS, TypeError, AttributeError) as exc:
            raise InvalidInput("the bytes are no map between embedders; fit it again") from exc
        if any(array.dtype != np.float32 for array in arrays.values()):
            raise InvalidInput("the map holds numbers of another kind than float32; fit it again")
        return HarmonicMap(source, target, arrays["bends"], arrays["weights"], agreement, *read)


class Harmonics:
    """The maps that there are.

    Args:
        maps: Each between its own two embedders; of several the last one counts.
    """

    def __init__(self, maps: Iterable[HarmonicMap] = ()) -> None:
        self._maps = {(each.source, each.target): each for each in maps}

    def leads(self, source: str, target: str) -> bool:
        """Return whether vectors of `source` can be made comparable with those of `target`."""
        return source == target or (source, target) in self._maps

    def find(self, source: str, target: str) -> HarmonicMap:
        """Return the map from one embedder to another.

        Raises:
            NoHarmonicMap: none leads there.
        """
        if (source, target) not in self._maps:
            raise NoHarmonicMap(source, target)
        return self._maps[source, target]

    def bring(self, vectors: Floats, source: str, target: str) -> Floats:
        """Return vectors (n, a) of `source` as (n, b) vectors of `target`; the same stay as given.

        Maps are not chained: each loses something, and nobody measured what two lose together.

        Raises:
            NoHarmonicMap: no map leads there.
            InvalidInput: the vectors are not of `source`, or a vector is 0 or not finite.
        """
        if source == target:
            return vectors
        return self.find(source, target).apply(vectors)


def unit(vectors: Floats) -> Floats:
    """Return (n, d) float32 of length 1.

    Raises:
        InvalidInput: a vector is 0 or not finite.
    """
    wide = vectors.astype(np.float64)
    length = np.linalg.norm(wide, axis=1, keepdims=True)
    if not (np.isfinite(length).all() and (length > 0).all()):
        raise InvalidInput("a vector is 0 or not finite; leave that face out")
    ready: Floats = (wide / length).astype(np.float32)
    return ready


def extended(vectors: Floats, bends: Floats) -> Floats:
    """Return (n, a + m + 1): vectors (n, a), what bends them (n, m), and 1."""
    ones = np.ones((len(vectors), 1), np.float32)
    bent = np.maximum(np.hstack([vectors, ones]) @ bends, 0)
    return np.hstack([vectors, bent, ones])


def _require_small(data: bytes) -> None:
    """Refuse an archive that would unpack to more than a map can be."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(member.file_size for member in archive.infolist()) > MOST_BYTES:
            raise InvalidInput("the bytes are too many for a map between embedders; fit it again")
