"""Which converter makes which weight ONNX; each is loaded only when it has something to convert."""

from collections.abc import Callable
from dataclasses import dataclass

from visavis.vision.weights.catalog import Weight


@dataclass(frozen=True, slots=True)
class _Converter:
    """A converter and its version.

    Attributes:
        version: Raised when the same file would give another graph; cached graphs are made anew.
        convert: Takes the raw bytes and the catalog's entry, returns the bytes of the graph.
    """

    version: int
    convert: Callable[[bytes, Weight], bytes]


def converter_stamp(weight: Weight) -> str:
    """Return what the record of a graph says about how it was made.

    Another stamp than the recorded one means that the graph must be made anew.
    """
    if weight.converter is None:
        return "as published"
    return f"{weight.converter} {_CONVERTERS[weight.converter].version}"


def convert(raw: bytes, weight: Weight) -> bytes:
    """Return the bytes of the ONNX graph.

    Raises:
        ConversionRefused: the file holds something that the converter does not understand.
    """
    if weight.converter is None:
        return raw
    return _CONVERTERS[weight.converter].convert(raw, weight)


def _centerface(raw: bytes, _weight: Weight) -> bytes:
    from visavis.vision.weights.converters import centerface

    return centerface.convert(raw)


def _dlib(raw: bytes, _weight: Weight) -> bytes:
    from visavis.vision.weights.converters import dlib

    return dlib.convert(raw)


def _tflite(raw: bytes, weight: Weight) -> bytes:
    from visavis.vision.weights.converters import tflite

    return tflite.convert(raw, weight.outputs)


_CONVERTERS = {
    "centerface": _Converter(1, _centerface),
    "dlib": _Converter(1, _dlib),
    "tflite": _Converter(1, _tflite),
}
