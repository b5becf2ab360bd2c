"""What the first bytes of a picture say: its format, its size, its orientation, its colours.

Pure functions of bytes: they never allocate by what a header claims and need nothing but the
standard library, so that the guarded decoder process, which starts with them, starts fast.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from visavis.core.errors import ImageFault, InvalidImage

FORMATS = ("jpeg", "png", "webp", "gif", "bmp", "tiff", "heic", "avif")

_SIGNATURES = {
    b"\xff\xd8\xff": "jpeg",
    b"\x89PNG\r\n\x1a\n": "png",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
    b"II+\0": "tiff",  # BigTIFF
    b"MM\0+": "tiff",
}
_BMP_HEADERS = {12, 16, 40, 52, 56, 64, 108, 124}  # every published size of the second header
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1"}
_ORIENTATION, _LONG = 0x0112, 4  # EXIF tag, TIFF field type
_FIELD_BYTES = {3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}  # by TIFF field type, else 1

_SOS, _APP1, _APP2 = 0xDA, 0xE1, 0xE2
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0..15 without DHT, JPG and DAC
_HUFFMAN_FRAMES = {0xC0, 0xC1, 0xC2}  # baseline, extended, progressive


def sniff(data: bytes) -> str | None:
    """Name the format by content: one of `FORMATS`, or None for everything else."""
    for signature, name in _SIGNATURES.items():
        if data.startswith(signature):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in _BMP_HEADERS:
        return "bmp"
    return _sniff_brands(data) if data[4:8] == b"ftyp" else None


def _sniff_brands(data: bytes) -> str | None:
    """Tell AVIF from HEIC by the brands of the `ftyp` box (ISO/IEC 14496-12 §4.3)."""
    box = data[8 : min(int.from_bytes(data[:4], "big"), 512)]
    brands = {box[i : i + 4] for i in range(0, len(box), 4) if i != 4}  # 4..8 is a version
    if brands & _AVIF_BRANDS:
        return "avif"
    return "heic" if brands & _HEIC_BRANDS else None


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """The facts of a JPEG that decide how it is decoded.

    Attributes:
        width: Pixels, as stored.
        height: Pixels, as stored.
        components: 1 grey, 3 colour, 4 CMYK or YCCK.
        plain: 8 bits a sample and Huffman coded, which every decoder understands.
        scans: How many passes over the picture the file asks for; a baseline file has 1.
        orientation: EXIF 1..8; 1 when absent or nonsense.
        icc: The colour profile; empty when there is none.
    """

    width: int
    height: int
    components: int
    plain: bool
    scans: int
    orientation: int
    icc: bytes


def read_jpeg_header(data: bytes) -> JpegHeader | None:
    """Read a JPEG up to its first scan; None when it is not strictly formed, or has no end."""
    frame, orientation, icc = None, 1, b""
    for marker, start, end in _segments(data):
        if marker == _SOS:
            if frame is None or data.rfind(b"\xff\xd9", start) < 0:
                return None
            width, height, components, plain = frame
            scans = data.count(b"\xff\xda", start)
            return JpegHeader(width, height, components, plain, scans + 1, orientation, icc)
        if marker in _FRAMES:
            frame = _read_frame(marker, data[start:end])
        elif marker == _APP1 and data.startswith(b"Exif\0", start):
            orientation = exif_orientation(data[start:end])
        elif marker == _APP2 and data.startswith(b"ICC_PROFILE\0", start):
            icc += data[start + 14 : end]
    return None


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, payload start, payload end) up to and with the first scan, or a fault."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker, size = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker < 0xC0 or 0xD0 <= marker <= 0xD9 or size < 2 or at + 2 + size > len(data):
            return
        yield marker, at + 4, at + 2 + size
        if marker == _SOS:
            return
        at += 2 + size


def _read_frame(marker: int, payload: bytes) -> tuple[int, int, int, bool] | None:
    """Return (width, height, components, plain) of a SOF segment."""
    if len(payload) < 6:
        return None
    bits, height, width, components = struct.unpack_from(">BHHB", payload)
    return width, height, components, bits == 8 and marker in _HUFFMAN_FRAMES


def exif_orientation(exif: bytes) -> int:
    """Return the orientation 1..8 an EXIF block states; 1 when absent or nonsense."""
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(order + "I", tiff, 4)
        (entries,) = struct.unpack_from(order + "H", tiff, directory)
        for i in range(entries):
            at = directory + 2 + 12 * i
            tag, width = struct.unpack_from(order + "HH", tiff, at)
            if tag == _ORIENTATION:
                (value,) = struct.unpack_from(
                    order + ("I" if width == _LONG else "H"), tiff, at + 8
                )
                return value if 1 <= value <= 8 else 1
    except struct.error:  # the block is cut short
        return 1
    return 1


def check_size(size: tuple[int, int], max_pixels: int) -> None:
    """Refuse a header that claims no pixels or more than `max_pixels`."""
    width, height = size
    if width < 1 or height < 1:
        raise InvalidImage(ImageFault.CORRUPT, "the picture says it has no pixels; export it again")
    if width * height > max_pixels:
        claim = f"the picture is {width} × {height} pixels, {max_pixels} are allowed in all"
        raise InvalidImage(ImageFault.TOO_LARGE, f"{claim}; send a smaller one")


def webp_size(data: bytes) -> tuple[int, int] | None:
    """Return (width, height) of a WebP, pixels, before any decoder allocates for it."""
    if len(data) < 30:
        return None
    if data[12:16] == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if data[12:16] == b"VP8L" and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if data[12:16] == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


def is_srgb(icc: bytes) -> bool:
    """Say whether a colour profile calls itself sRGB in its description (ICC.1:2022 §9.2.41)."""
    for i in range(min(int.from_bytes(icc[128:132], "big"), 100)):
        tag = icc[132 + 12 * i : 144 + 12 * i]
        if tag[:4] == b"desc":
            start, size = int.from_bytes(tag[4:8], "big"), int.from_bytes(tag[8:12], "big")
            description = icc[start : start + size]
            return b"sRGB" in description or b"\0s\0R\0G\0B" in description
    return False


def is_cut_short(kind: str, data: bytes) -> bool:
    """Say whether a picture of format `kind` ends before the end its own structure announces.

    A BMP announces none that can be trusted; for it the answer is False.
    """
    if kind == "jpeg":
        scan = next((start for marker, start, _ in _segments(data) if marker == _SOS), None)
        return data.find(b"\xff\xd9", scan or len(data)) < 0
    if kind == "png":
        return b"IEND" not in data[8:]
    if kind == "gif":
        return _gif_cut_short(data)
    if kind == "webp":
        return 8 + int.from_bytes(data[4:8], "little") > len(data)
    if kind == "tiff":
        return _directory_cut_short(data)
    return kind in {"heic", "avif"} and _boxes_cut_short(data)


def _gif_cut_short(data: bytes) -> bool:
    """Whether a GIF ends before its colours do, or without its last sign."""
    flags = data[10] if len(data) > 10 else 0
    colours = 3 << (flags % 8 + 1) if flags & 0x80 else 0
    return len(data) <= 13 + colours or not data.rstrip(b"\0").endswith(b";")


def _directory_cut_short(data: bytes) -> bool:
    """Whether the first directory of a TIFF, or a value it points to, lies past the end."""
    order = "<" if data.startswith(b"II") else ">"
    try:
        if 43 in data[2:4]:  # BigTIFF; only the directory itself is looked for
            return bool(struct.unpack_from(order + "Q", data, 8)[0] >= len(data))
        (directory,) = struct.unpack_from(order + "I", data, 4)
        (entries,) = struct.unpack_from(order + "H", data, directory)
        for i in range(entries):
            _, field, count, start = struct.unpack_from(
                order + "HHII", data, directory + 2 + 12 * i
            )
            size = count * _FIELD_BYTES.get(field, 1)
            if size > 4 and start + size > len(data):
                return True
    except struct.error:
        return True
    return False


def _boxes_cut_short(data: bytes) -> bool:
    """Walk the top-level boxes of an ISO base media file; True when an end or the media is missing.

    The media lie in an `mdat` box or, inside the `meta` box, in an `idat` box.
    """
    at, media = 0, b"idat" in data
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size < 8:  # 0: up to the end of the file; other nonsense the decoder will name
            return False
        media |= kind == b"mdat"
        at += size
    return at != len(data) or not media
