"""Hostile bytes: a converter refuses them in words, and never raises anything else or swells."""

import tracemalloc
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vision.weights.converters import dlib_files
from tests.vision.weights.converters.test_tflite_ops import CASES
from visavis.core.errors import ConversionRefused
from visavis.vision.weights.converters import centerface, dlib, tflite

Convert = Callable[[bytes], bytes]

CONVERTERS: dict[str, Convert] = {
    "centerface": centerface.convert,
    "dlib": dlib.convert,
    "tflite": tflite.convert,
}
_CON = dlib_files.con(np.ones((2, 3, 3, 3)), np.ones(2), padding=1)
DLIB_FILE = dlib_files.network(
    dlib_files.sized_input(8, 8),
    _CON,
    dlib_files.MARK,
    dlib_files.relu(),
    dlib_files.add_prev(),
    dlib_files.fc(np.ones((128, 4)), None),
)
TFLITE_FILES = [CASES[name].data() for name in ("flattened head", "half floats", "pad", "resize")]


def _survives(convert: Convert, data: bytes) -> None:
    """Convert or refuse; either way within 64 MiB of memory."""
    tracemalloc.start()
    try:
        with suppress(ConversionRefused):
            assert convert(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * 1024 * 1024


@pytest.mark.parametrize("name", CONVERTERS)
@settings(deadline=None, max_examples=60)
@given(data=st.binary(max_size=400))
def test_noise(name: str, data: bytes) -> None:
    for start in (b"", b"\x1c\x00\x00\x00TFL3", b"\x01\x01\x01\x0dloss_metric_2"):
        with pytest.raises(ConversionRefused):
            CONVERTERS[name](start + data)


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_dlib_file_with_a_few_wrong_bytes(data: st.DataObject) -> None:
    _survives(dlib.convert, _damaged(DLIB_FILE, data))


@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_tflite_file_with_a_few_wrong_bytes(data: st.DataObject) -> None:
    _survives(tflite.convert, _damaged(data.draw(st.sampled_from(TFLITE_FILES)), data))


@pytest.mark.parametrize(("convert", "whole"), [(dlib.convert, DLIB_FILE)])
def test_every_shortened_file_is_refused(convert: Convert, whole: bytes) -> None:
    assert convert(whole)
    for length in range(len(whole)):
        with pytest.raises(ConversionRefused):
            convert(whole[:length])


def test_a_small_file_that_asks_for_much_memory_is_refused() -> None:
    huge = dlib_files.integer(2) + 4 * dlib_files.integer(1 << 40)
    file = dlib_files.network(dlib_files.sized_input(8, 8), dlib_files.text("con_4") + huge)
    with pytest.raises(ConversionRefused, match="ends in the middle"):
        dlib.convert(file)
    with pytest.raises(ConversionRefused):
        dlib.convert(dlib_files.integer(2) * 100_000)


def _damaged(whole: bytes, data: st.DataObject) -> bytes:
    """Replace a few bytes, and perhaps cut the end off."""
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place] = data.draw(st.sampled_from([0, 1, 2, 3, 4, 8, 0x7F, 0x80, 0xFE, 0xFF]))
    keep = data.draw(st.integers(0, len(damaged))) if data.draw(st.booleans()) else len(damaged)
    return bytes(damaged[:keep])
