"""Small pictures in every format and colour model, written by Pillow or by hand."""

import io
import struct
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image, ImageCms

from visavis.core.settings import ImageOptions
from visavis.core.types import Pixels

OPTIONS = ImageOptions()
FORMATS = ("jpeg", "png", "webp", "gif", "bmp", "tiff", "heic", "avif")

_QUALITY: dict[str, dict[str, Any]] = {
    "webp": {"lossless": True},
    "jpeg": {"quality": 95, "subsampling": 0},
    "avif": {"quality": 95, "speed": 9},
}


def scene(width: int = 48, height: int = 32) -> Image.Image:
    """A smooth picture without any symmetry: every turn and swap of channels shows."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    planes = [230 * x + 10, 200 * y * x + 20, 60 + 150 * (1 - y)]
    return Image.fromarray(np.stack(planes, axis=-1).astype(np.uint8))


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Encode without loss where the format can, else at a high quality."""
    stream = io.BytesIO()
    if kind == "heic":
        pillow_heif.from_pillow(image).save(stream, quality=95, chroma=444, **options)
    else:
        image.save(stream, kind, **(_QUALITY.get(kind, {}) | options))
    return stream.getvalue()


def rgb(image: Image.Image) -> Pixels:
    return np.asarray(image.convert("RGB"))


def difference(a: Pixels, b: Pixels) -> tuple[int, float]:
    """Return the largest and the mean absolute difference; the shapes must agree."""
    assert a.shape == b.shape
    gap = np.abs(a.astype(int) - b.astype(int))
    return int(gap.max()), float(gap.mean())


def swapped_profile(described_as: str = "abcd") -> bytes:
    """An ICC profile like sRGB with red and blue swapped, so that the right result is known."""
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for old, new in ((b"rXYZ", b"????"), (b"bXYZ", b"rXYZ"), (b"????", b"bXYZ")):
        icc = icc.replace(old, new)
    return icc.replace("sRGB".encode("utf-16-be"), described_as.encode("utf-16-be"))


def tiff(width: int, height: int, bits: int, pixels: bytes, **extra: int | None) -> bytes:
    """A grey TIFF of one strip, by hand; `t<tag>` overrides an entry, None drops it."""
    tags = {256: width, 257: height, 258: bits, 259: 1, 262: 1, 273: 0, 277: 1, 278: height}
    tags |= {279: len(pixels)}
    tags[273] = 8 + 2 + 12 * len(tags) + 4
    given = {int(name[1:]): value for name, value in extra.items()}
    tags = {tag: value for tag, value in (tags | given).items() if value is not None}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, tags[tag]) for tag in sorted(tags))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4) + pixels


def scan_bomb(side: int = 2000, scans: int = 6000) -> bytes:
    """A progressive JPEG of a few hundred kilobytes that asks for thousands of passes."""
    whole = encode(Image.new("L", (side, side), 128), "jpeg", progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:-2] + whole[last:-2] * scans + b"\xff\xd9"
