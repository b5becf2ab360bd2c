"""Every format by Pillow and pillow-heif, and every colour model to 8-bit RGB.

Runs only inside the guarded process (`image_sandbox`): decoders of this size are never without
faults. After the decode it works in strips, so that beside the decoder's own picture almost no
memory is needed.
"""

import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

import pillow_heif
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageCms,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from visavis.core.errors import ImageFault, InvalidImage
from visavis.vision.image_headers import (
    check_size,
    exif_orientation,
    is_cut_short,
    is_srgb,
    webp_size,
)

_STRIP_PIXELS = 1 << 18  # 768 KiB of RGB: large enough for the pipe, small enough for the cache
_STRIP_OFFSETS, _STRIP_SIZES, _TILE_OFFSETS, _TILE_SIZES, _BITS = (
    273,
    279,
    324,
    325,
    258,
)  # TIFF tags
_UNSUPPORTED_WORDS = ("unsupported", "not supported", "cannot handle", "unknown", "unrecognized")
_TRUNCATED_WORDS = ("truncated", "end of file", "premature", "not enough")

_READERS: dict[str, Callable[[io.BytesIO], Image.Image]] = {
    "jpeg": JpegImagePlugin.JpegImageFile,
    "png": PngImagePlugin.PngImageFile,
    "webp": WebPImagePlugin.WebPImageFile,
    "gif": GifImagePlugin.GifImageFile,
    "bmp": BmpImagePlugin.BmpImageFile,
    "tiff": TiffImagePlugin.TiffImageFile,
    "avif": AvifImagePlugin.AvifImageFile,
}


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture after its decoder, before its colours are RGB.

    Attributes:
        image: In whatever mode the file has.
        orientation: EXIF 1..8, still to be applied.
    """

    image: Image.Image
    orientation: int


def open_picture(kind: str, data: bytes, max_pixels: int) -> Decoded:
    """Decode the first picture of `data`, which was sniffed as `kind`.

    Raises:
        InvalidImage: it cannot be decoded; or its header says more than `max_pixels` pixels.
    """
    try:
        return _open_heic(data, max_pixels) if kind == "heic" else _open(kind, data, max_pixels)
    except InvalidImage:
        raise
    except Exception as exc:  # decoders raise whatever they like for a broken file
        raise _explain(kind, data, exc) from exc


def _open(kind: str, data: bytes, max_pixels: int) -> Decoded:
    if kind == "webp" and (size := webp_size(data)):  # its reader allocates the canvas at once
        check_size(size, max_pixels)
    image = _READERS[kind](io.BytesIO(data))
    check_size(image.size, max_pixels)
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        _load_tiff(image, len(data))
        return Decoded(image, 1)
    image.load()
    return Decoded(image, exif_orientation(image.info.get("exif") or b""))


def _open_heic(data: bytes, max_pixels: int) -> Decoded:
    """Decode by libheif, which applies the rotation of the file's boxes; its EXIF is void."""
    heif = pillow_heif.open_heif(data)
    if not len(heif):  # it understood the container, but no picture in it
        raise _variant("heic")
    check_size(heif.size, max_pixels)
    return Decoded(heif.to_pillow(), 1)


def _load_tiff(image: TiffImagePlugin.TiffImageFile, size: int) -> None:
    """Load, which turns a TIFF upright too; libtiff says the same of a short and a broken strip."""
    tags = image.tag_v2
    try:
        image.load()
    except OSError:
        for offsets, sizes in ((_STRIP_OFFSETS, _STRIP_SIZES), (_TILE_OFFSETS, _TILE_SIZES)):
            spans = zip(tags.get(offsets, ()), tags.get(sizes, ()), strict=False)
            if any(start + length > size for start, length in spans):
                raise _truncated() from None
        raise


def _truncated() -> InvalidImage:
    reason = "the file ends before the picture is complete; send it again, whole"
    return InvalidImage(ImageFault.TRUNCATED, reason)


def _variant(kind: str) -> InvalidImage:
    reason = f"this variant of {kind.upper()} is not supported; export the picture as JPEG or PNG"
    return InvalidImage(ImageFault.UNSUPPORTED, reason)


def _explain(kind: str, data: bytes, fault: Exception) -> InvalidImage:
    """Choose the category of a decoder's complaint."""
    said = str(fault).lower()
    if isinstance(fault, MemoryError | Image.DecompressionBombError) or "memory" in said:
        reason = "the picture needs more memory than one picture may take; send a smaller one"
        return InvalidImage(ImageFault.TOO_LARGE, reason)
    if isinstance(fault, EOFError) or is_cut_short(kind, data) or _has(said, _TRUNCATED_WORDS):
        return _truncated()
    if isinstance(fault, NotImplementedError) or _has(said, _UNSUPPORTED_WORDS):
        return _variant(kind)
    reason = f"the {kind.upper()} data is damaged; export the picture again"
    return InvalidImage(ImageFault.CORRUPT, reason)


def _has(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text for word in words)


def rgb_strips(image: Image.Image) -> Iterator[bytes]:
    """Yield the picture from top to bottom as packed 8-bit sRGB rows, alpha composited on white."""
    width, height = image.size
    to_eight_bits = _eight_bits(image)
    transform: Callable[[Image.Image], Image.Image] | None = None
    rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, rows):
        strip = _plain_mode(to_eight_bits(image.crop((0, top, width, min(height, top + rows)))))
        transform = transform or _to_srgb(strip.mode, image.info.get("icc_profile") or b"")
        yield _as_rgb(transform(strip)).tobytes()


def _eight_bits(image: Image.Image) -> Callable[[Image.Image], Image.Image]:
    """Return what brings a strip with deep samples to 8 bits: scaled, not clipped."""
    if not image.mode.startswith(("I", "F")):
        return lambda strip: strip
    low, high = _sample_range(image)
    scale = 255 / (high - low)

    def scaled(strip: Image.Image) -> Image.Image:
        as_float = strip if strip.mode == "F" else strip.convert("I").convert("F")
        return as_float.point(lambda value: value * scale + (0.5 - low * scale)).convert("L")

    return scaled


def _sample_range(image: Image.Image) -> tuple[float, float]:
    """Return the samples that mean black and white.

    16-bit samples have their depth from the file. Others carry no scale: white is the smallest
    usual one (1, 255, 65535) that holds them, else the largest sample; black is 0, or the lowest
    negative sample.
    """
    if image.mode.startswith("I;16"):
        tags = image.tag_v2 if isinstance(image, TiffImagePlugin.TiffImageFile) else {}
        return 0, 2 ** min(tags.get(_BITS, (16,))[0], 16) - 1
    low, high = cast("tuple[float, float]", image.getextrema())
    if not (math.isfinite(low) and math.isfinite(high)):
        reason = "the samples are not all numbers; export the picture with 8 or 16 bits"
        raise InvalidImage(ImageFault.UNSUPPORTED, reason)
    usual = (1, 255, 65535) if image.mode == "F" else (255, 65535)
    return min(0, low), next((white for white in usual if high <= white), high)


def _plain_mode(strip: Image.Image) -> Image.Image:
    """Bring a strip to L, RGB, RGBA, CMYK or LAB."""
    if "transparency" in strip.info or strip.mode in {"LA", "La", "PA", "RGBa"}:
        return strip.convert("RGBA")
    if strip.mode in {"L", "RGB", "RGBA", "CMYK", "LAB"}:
        return strip
    return strip.convert("L" if strip.mode == "1" else "RGB")


def _to_srgb(mode: str, icc: bytes) -> Callable[[Image.Image], Image.Image]:
    """Return what applies the colour profile; a useless profile is ignored, as viewers do."""
    if mode != "LAB" and (not icc or is_srgb(icc)):
        return lambda strip: strip
    try:
        source = ImageCms.createProfile("LAB") if mode == "LAB" else io.BytesIO(icc)
        target, out = ImageCms.createProfile("sRGB"), "RGBA" if mode == "RGBA" else "RGB"
        transform = ImageCms.buildTransform(source, target, mode, out)
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return lambda strip: strip
    return lambda strip: ImageCms.applyTransform(strip, transform) or strip


def _as_rgb(strip: Image.Image) -> Image.Image:
    """Bring L, RGB, RGBA or CMYK to RGB; what is transparent shows white paper."""
    if strip.mode != "RGBA":
        return strip if strip.mode == "RGB" else strip.convert("RGB")
    paper = Image.new("RGB", strip.size, "white")
    paper.paste(strip, mask=strip)
    return paper
