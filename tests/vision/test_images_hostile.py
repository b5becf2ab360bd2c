"""Broken and hostile bytes: pixels or `InvalidImage`, in bounded time and memory."""

import functools
import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vision.images_samples import FORMATS, OPTIONS, encode, scene, tiff
from visavis.core.errors import ImageFault, InvalidImage
from visavis.core.settings import ImageOptions
from visavis.core.types import Pixels
from visavis.vision.images import decode

SWEEP = """
import json, pathlib, resource, sys, time, zipfile
import numpy as np
from visavis.core.errors import InvalidImage
from visavis.core.settings import ImageOptions
from visavis.vision import images

def outcome(data):
    try:
        pixels = images.decode(data, ImageOptions())
    except InvalidImage as exc:
        return exc.category
    return "ok" if pixels.dtype == np.uint8 and pixels.shape[2:] == (3,) else "wrong"

seen, longest = {}, 0
with zipfile.ZipFile(sys.argv[1]) as files:
    for name in files.namelist():
        start = time.perf_counter()
        seen[name] = outcome(files.read(name))
        longest = max(longest, time.perf_counter() - start)
images._GUARD.close()  # its children are counted once they have ended
unit = 1 if sys.platform == "darwin" else 1024
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
if sys.platform == "linux":  # ru_maxrss would still hold the peak of the test runner
    status = pathlib.Path("/proc/self/status").read_text()
    peak += int(status.split("VmHWM:")[1].split()[0]) * 1024
else:
    peak += resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
print(json.dumps({"seen": seen, "longest_s": longest, "peak_bytes": peak}))
"""


@functools.cache
def _whole(kind: str) -> tuple[bytes, Pixels]:
    less_simple: dict[str, dict[str, Any]] = {
        "jpeg": {"progressive": True},
        "tiff": {"compression": "tiff_lzw"},
    }
    data = encode(scene(), kind, **less_simple.get(kind, {}))
    return data, decode(data, OPTIONS)


def _fault(data: bytes, options: ImageOptions = OPTIONS) -> ImageFault:
    with pytest.raises(InvalidImage) as caught:
        decode(data, options)
    assert caught.value.reason == str(caught.value) != ""
    return caught.value.category


def test_a_gif_that_is_cut_in_its_colours_at_the_sign_of_its_end_is_truncated() -> None:
    whole, _ = _whole("gif")
    cut = whole[:100] + b";"
    with pytest.raises(InvalidImage) as caught:
        decode(cut, OPTIONS)
    assert caught.value.category is ImageFault.TRUNCATED


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_truncated_file_is_refused_or_complete(kind: str, data: st.DataObject) -> None:
    whole, pixels = _whole(kind)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1), label="length")]

    try:
        assert np.array_equal(decode(cut, OPTIONS), pixels)
    except InvalidImage as exc:
        assert len(cut) < 64 or exc.category is ImageFault.TRUNCATED  # noqa: PT017  # either is right


@pytest.mark.parametrize("kind", FORMATS)
def test_half_a_file_is_truncated(kind: str) -> None:
    for data in (_whole(kind)[0], encode(scene(), kind)):
        assert _fault(data[: len(data) // 2]) is ImageFault.TRUNCATED


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=40, deadline=None)
@given(edits=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4)), min_size=1))
def test_damaged_file_gives_pixels_or_a_refusal(
    kind: str, edits: list[tuple[float, bytes]]
) -> None:
    data = bytearray(_whole(kind)[0])
    for place, value in edits:
        at = int(place * (len(data) - len(value)))
        data[at : at + len(value)] = value

    try:
        pixels = decode(bytes(data), ImageOptions(max_pixels=100_000))
    except InvalidImage as exc:
        assert exc.category in ImageFault  # noqa: PT017  # either is right
    else:
        assert pixels.dtype == np.uint8
        assert pixels.shape[2:] == (3,)


@given(data=st.binary(max_size=200))
def test_any_bytes_that_are_no_picture_are_refused(data: bytes) -> None:
    assert _fault(data) in ImageFault


@pytest.mark.parametrize("kind", FORMATS)
def test_pixels_and_bytes_are_capped_exactly(kind: str) -> None:
    data = encode(scene(), kind)
    pixels, size = 48 * 32, len(data)

    assert decode(data, ImageOptions(max_pixels=pixels, max_bytes=size)).shape == (32, 48, 3)
    assert _fault(data, ImageOptions(max_pixels=pixels - 1)) is ImageFault.TOO_LARGE
    assert _fault(data, ImageOptions(max_bytes=size - 1)) is ImageFault.TOO_LARGE


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "gif", "bmp", "tiff"])
def test_bomb_is_refused_by_its_header(kind: str) -> None:
    assert _fault(_bomb(kind)) is ImageFault.TOO_LARGE


def _bomb(kind: str) -> bytes:
    """A small file that claims at least 16,000 × 16,000 pixels."""
    data = bytearray(encode(scene(), kind))
    if kind == "jpeg":
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = b"\xff\xff\xff\xff"
    elif kind == "png":
        data[16:24] = struct.pack(">II", 100_000, 100_000)
        data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    elif kind == "webp":  # lossless: 14 bits each
        data[21:25] = struct.pack("<I", 0x0FFFFFFF)
    elif kind == "gif":
        data[6:10] = b"\xff\xff\xff\xff"
    elif kind == "bmp":
        data[18:26] = struct.pack("<ii", 100_000, 100_000)
    else:
        return tiff(100_000, 100_000, 8, bytes(100))
    return bytes(data)


@pytest.mark.parametrize("compression", [1, 5])  # none, by Pillow; LZW, by libtiff
def test_huge_tiles_in_a_small_tiff_are_refused(compression: int) -> None:
    tiles = {"t273": None, "t279": None, "t322": 100_000, "t323": 100_000, "t324": 8, "t325": 100}
    data = tiff(10, 10, 8, bytes(100), t259=compression, **tiles)

    assert _fault(data) is not ImageFault.UNSUPPORTED


def test_short_strip_after_the_directory_is_truncated() -> None:
    packed = zlib.compress(bytes(range(256)) * 16)
    data = tiff(64, 64, 8, packed, t259=8)

    assert decode(data, OPTIONS).shape == (64, 64, 3)
    assert _fault(data[:-10]) is ImageFault.TRUNCATED


def test_picture_without_pixels_is_corrupt() -> None:
    data = bytearray(encode(scene(), "jpeg"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 2] = b"\0\0"

    assert _fault(bytes(data)) is ImageFault.CORRUPT


def test_empty_file_is_truncated() -> None:
    assert _fault(b"") is ImageFault.TRUNCATED


def test_twelve_bit_jpeg_is_unsupported() -> None:
    data = bytearray(encode(scene(), "jpeg"))
    data[data.index(b"\xff\xc0") + 4] = 12

    assert _fault(bytes(data)) is ImageFault.UNSUPPORTED


@pytest.mark.slow
def test_sweep_of_broken_files_stays_small_and_quick(shared_data: Path) -> None:
    archive = shared_data / "robust" / "images.zip"

    command = [sys.executable, "-W", "error", "-c", SWEEP, str(archive)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert len(report["seen"]) == 1687
    assert set(report["seen"].values()) == {"ok", *ImageFault}
    assert report["longest_s"] < 10
    assert report["peak_bytes"] < 1 << 30
