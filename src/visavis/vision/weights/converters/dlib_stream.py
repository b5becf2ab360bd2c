"""Read the primitives of dlib's serialisation: numbers, flags, names, tensors.

Numbers take as many bytes as they need; every read is bounded by what is left of the file.
"""

import math

import numpy as np
from numpy.typing import NDArray

from visavis.core.errors import ConversionRefused

_MAX_NAME = 64
_MAX_NUMBER_BYTES = 8
_NEGATIVE = 0x80
_LENGTH_BITS = 0x0F
_NOT_FINITE = 1_000
"""No float has such an exponent of two; dlib writes 32000 and up for infinities and NaN."""

_TENSOR_VERSION = 2
_ALIAS_VERSION = 1


class Reader:
    """A cursor over the bytes; every read is bounded by what is left."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self._raw) - self._at

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        if count > self.left:
            raise ConversionRefused("the dlib file ends in the middle of a layer; pull it again")
        self._at += count
        return self._raw[self._at - count : self._at]

    def integer(self) -> int:
        """Read a number: sign and length in one byte, then that many bytes, lowest first."""
        head = self.take(1)[0]
        length = head & _LENGTH_BITS
        if not 0 < length <= _MAX_NUMBER_BYTES or head & ~(_NEGATIVE | _LENGTH_BITS):
            raise ConversionRefused(
                f"the dlib file has no number where one belongs (byte {self._at})"
            )
        value = int.from_bytes(self.take(length), "little")
        return -value if head & _NEGATIVE else value

    def number(self) -> float:
        """Read a floating point number: mantissa, then the exponent of two."""
        mantissa, exponent = self.integer(), self.integer()
        if abs(exponent) >= _NOT_FINITE:
            raise ConversionRefused("the dlib file holds a number that is not finite")
        return math.ldexp(mantissa, exponent)

    def flag(self) -> bool:
        """Read a truth value, kept as the character 0 or 1."""
        char = self.take(1)
        if char not in {b"0", b"1"}:
            raise ConversionRefused(
                f"the dlib file has no flag where one belongs (byte {self._at})"
            )
        return char == b"1"

    def text(self) -> str:
        """Read a short name."""
        return self.name_of(self.integer())

    def name_of(self, length: int) -> str:
        """Read a name whose length has been read already."""
        if not 0 < length <= _MAX_NAME:
            raise ConversionRefused(
                f"the dlib file has no name where one belongs (byte {self._at})"
            )
        name = self.take(length)
        if not name.isascii() or not name.decode("ascii").isprintable():
            raise ConversionRefused(
                f"the dlib file has no name where one belongs (byte {self._at})"
            )
        return name.decode("ascii")

    def tensor(self) -> NDArray[np.float32]:
        """Read a tensor and return it flat; after the four sizes come little-endian floats."""
        self._expect(_TENSOR_VERSION, "tensor")
        count = math.prod(self._sizes())
        data = np.frombuffer(self.take(4 * count), "<f4")
        if not np.isfinite(data).all():
            raise ConversionRefused("the dlib file holds a number that is not finite")
        return data.astype(np.float32)

    def alias(self) -> None:
        """Pass over the sizes of a view into the parameters; the other fields imply them."""
        self._expect(_ALIAS_VERSION, "view")
        self._sizes()

    def _sizes(self) -> list[int]:
        sizes = [self.integer() for _ in range(4)]
        if min(sizes) < 0:
            raise ConversionRefused("the dlib file holds a tensor of negative size")
        return sizes

    def _expect(self, version: int, what: str) -> None:
        found = self.integer()
        if found != version:
            raise ConversionRefused(
                f"the dlib file has a {what} of version {found}; {version} is known"
            )
