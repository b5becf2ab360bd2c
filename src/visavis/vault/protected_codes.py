"""Protected codes: what the search index may hold of a template.

A template is turned by a secret rotation and only the sign of each coordinate is kept. The share of
equal signs estimates the angle between two templates (Charikar, 2002: random hyperplanes), so that
codes can be searched; without the rotation they fit nobody else's codes. The codes alone are not
claimed to be irreversible: whoever holds rotation and code can guess at the direction.

The rotation comes from 32 secret bytes: AES in counter mode gives uniform numbers, Box and Muller
make them normal, a QR decomposition whose signs are fixed makes them a rotation drawn evenly from
all (Mezzadri, 2007). Templates of fewer dimensions than bits are turned several times over by
different rotations.
"""

import math

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray

from visavis.core.types import Floats

BITS = 512
CODE_BYTES = BITS // 8

_MOST_DIMENSIONS = 4096
_UNIT = 2.0**-53

Codes = NDArray[np.uint8]


class CodeMaker:
    """Makes the codes of one tenant, under one version of its secret, for one embedder.

    Args:
        secret: 32 bytes.
        embedder: Name of the embedder: templates of another one get another rotation.
        dimensions: Of a template, 1..4096.
    """

    def __init__(self, secret: bytes, embedder: str, dimensions: int) -> None:
        if not 1 <= dimensions <= _MOST_DIMENSIONS:
            raise ValueError(f"{dimensions} dimensions; at most {_MOST_DIMENSIONS}")
        self._turn = rotations(secret, embedder, dimensions)

    def codes(self, templates: Floats) -> Codes:
        """Return (n, 64) uint8 codes of (n, dimensions) float32 templates of any length > 0."""
        return np.packbits(templates @ self._turn > 0, axis=1)


def rotations(secret: bytes, embedder: str, dimensions: int) -> Floats:
    """Return (dimensions, 512) float32: 512 directions, evenly drawn and as unlike as can be."""
    blocks = math.ceil(BITS / dimensions)
    drawn = _normals(secret, embedder, blocks * dimensions * dimensions)
    turned = [_rotation(block) for block in drawn.reshape(blocks, dimensions, dimensions)]
    return np.concatenate(turned, axis=1)[:, :BITS].astype(np.float32)


def distances(code: Codes, others: Codes) -> NDArray[np.int64]:
    """Return in how many of 512 bits one code (64,) differs from each of (n, 64)."""
    found: NDArray[np.int64] = np.bitwise_count(code ^ others).sum(axis=1, dtype=np.int64)
    return found


def cosine_of(distance: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the cosine, −1..1, that codes differing in so many bits stand for on average."""
    return np.cos(math.pi * distance / BITS)


def _rotation(normals: NDArray[np.float64]) -> NDArray[np.float64]:
    turned, upper = np.linalg.qr(normals)
    turned *= np.where(np.diag(upper) < 0, -1.0, 1.0)
    return turned


def _normals(secret: bytes, embedder: str, count: int) -> NDArray[np.float64]:
    """Return `count` independent standard normal numbers, the same ones for the same secret."""
    pairs = (count + 1) // 2
    stream = Cipher(AES256(_stream_key(secret, embedder)), CTR(bytes(16))).encryptor()
    raw = np.frombuffer(stream.update(bytes(16 * pairs)), "<u8").reshape(2, pairs)
    even = ((raw >> np.uint64(11)).astype(np.float64) + 0.5) * _UNIT  # inside (0, 1), never at 0
    radius = np.sqrt(-2 * np.log(even[0]))
    angle = 2 * math.pi * even[1]
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:count]


def _stream_key(secret: bytes, embedder: str) -> bytes:
    """Return the key of the stream: HKDF keeps embedders apart under one secret."""
    info = b"visavis protected codes 1\0" + embedder.encode()
    return HKDF(SHA256(), 32, salt=None, info=info).derive(secret)
