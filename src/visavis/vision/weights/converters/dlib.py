"""dlib's serialised networks (`.dat`) as ONNX graphs.

The graph takes RGB pixels and does the input layer's normalisation itself, with the means that the
file states. What dlib keeps in C++ types and not in the file, namely which tag an `add_prev` adds
and which a skip returns to, follows from nesting, as in brackets: an `add_prev` adds the newest
open tag and closes it; a marker right upon a tag is a skip to the tag opened before it, which it
closes. A file that does not close every tag this way is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from visavis.core.errors import ConversionRefused
from visavis.vision.weights.converters.dlib_records import MARKER, Record, read_network
from visavis.vision.weights.converters.graph import GraphBuilder, refusing

_SCALE = np.float32(1 / 256)
"""dlib divides pixels by 256 after the means are gone (input_rgb_image in dlib/dnn/input.h)."""

_PROBES = np.arange(32, 513)
"""Sizes at which an input of free size is checked: two branches must meet at each of them."""

_MOST = 4096
"""Largest kernel, stride, padding, or side of a fixed input that is taken seriously."""

_CONV_MODE = 0


@dataclass(frozen=True, slots=True)
class _Value:
    """A value in the graph: its ONNX name, channels, and rows and columns at every probed size."""

    name: str
    k: int
    nr: NDArray[np.int64]
    nc: NDArray[np.int64]


@refusing("a dlib network")
def convert(raw: bytes) -> bytes:
    """Return the network in `raw` as ONNX.

    The graph's input is `image` (N, 3, rows, columns) float32, RGB 0..255; rows and columns are
    fixed when the file says so. Its output `embedding` is (N, d) after a fully connected layer,
    else (N, k, rows, columns).

    Raises:
        ConversionRefused: the bytes are no dlib network, or hold a layer that is not understood.
    """
    records = read_network(raw)
    return _Network(len(raw)).build(records[0], records[1:])


class _Network:
    """Walks the layers from the input outwards and adds them to a graph."""

    def __init__(self, raw_bytes: int) -> None:
        self._graph = GraphBuilder(raw_bytes)
        self._open: list[_Value] = []

    def build(self, inputs: Record, layers: Sequence[Record]) -> bytes:
        """Add all layers and return the graph's bytes."""
        value, size = self._input(inputs)
        before = ""
        for layer, follower in zip(layers, [*layers[1:], None], strict=True):
            if layer.name == MARKER:
                value = self._marker(value, before)
            elif not (layer.name == "affine_" and before == "con_"):
                value = self._layer(layer, value, follower)
            before = layer.name
        if self._open:
            raise ConversionRefused(f"{len(self._open)} dlib tags are never added by an add_prev_")
        self._graph.name_output(value.name, "embedding")
        rest = ("rows", "columns") if value.nr.size else ()
        return self._graph.build({"image": ("N", 3, *size)}, {"embedding": ("N", value.k, *rest)})

    def _input(self, record: Record) -> tuple[_Value, Sequence[int | str]]:
        """Add the normalisation; return its value and the declared rows and columns."""
        mean = np.array([record.fields[c] for c in ("red", "green", "blue")], np.float32)
        centred = self._graph.node(
            "Sub", ["image", self._graph.constant(mean.reshape(1, 3, 1, 1), "mean")]
        )
        name = self._graph.node("Mul", [centred, self._graph.constant(_SCALE.reshape(1), "scale")])
        if "nr" not in record.fields:
            return _Value(name, 3, _PROBES, _PROBES), ("H", "W")
        nr, nc = record.whole("nr", "nc")
        _check(record, nr, nc, lowest=1)
        return _Value(name, 3, np.array([nr]), np.array([nc])), (nr, nc)

    def _marker(self, value: _Value, before: str) -> _Value:
        """Open a tag, or go back to the tag beneath the one just opened."""
        if before != MARKER:
            self._open.append(value)
            return value
        if len(self._open) < 2:
            raise ConversionRefused("a dlib skip has no tag that it could return to")
        return self._open.pop(-2)

    def _layer(self, layer: Record, value: _Value, follower: Record | None) -> _Value:
        match layer.name:
            case "con_":
                affine = follower if follower and follower.name == "affine_" else None
                return self._con(layer, value, affine)
            case "affine_":
                return self._affine(layer, value)
            case "relu_":
                return replace(value, name=self._graph.node("Relu", [value.name]))
            case "max_pool_" | "avg_pool_":
                return self._pool(layer, value)
            case "add_prev_":
                return self._add_prev(value)
            case "fc_":
                return self._fc(layer, value)
        raise ConversionRefused(f"the dlib layer {layer.name} is not known to the converter")

    def _con(self, layer: Record, value: _Value, affine: Record | None) -> _Value:
        """Add a convolution, with the affine layer on top of it multiplied into its weights."""
        filters, nr, nc = layer.whole("filters", "nr", "nc")
        count = filters * value.k * nr * nc
        biased = bool(layer.fields["bias"])
        _need(layer, count + biased * filters)
        weights = layer.params[:count].reshape(filters, value.k, nr, nc).astype(np.float64)
        bias = layer.params[count:].astype(np.float64) if biased else np.zeros(filters)
        if affine is not None and not layer.fields["relu"]:
            gamma, beta = _affine_of(affine, filters)
            weights, bias = weights * gamma[:, None, None, None], bias * gamma + beta
        name = self._graph.node(
            "Conv",
            [
                value.name,
                *(self._graph.constant(a.astype(np.float32), "w") for a in (weights, bias)),
            ],
            **_window(layer, nr, nc),
        )
        result = _Value(name, filters, *_sizes(layer, value, nr, nc))
        return self._after_fused_relu(layer, result, affine)

    def _after_fused_relu(self, layer: Record, value: _Value, affine: Record | None) -> _Value:
        if not layer.fields["relu"]:
            return value
        value = replace(value, name=self._graph.node("Relu", [value.name]))
        return self._affine(affine, value) if affine is not None else value

    def _affine(self, layer: Record, value: _Value) -> _Value:
        parts = [part.reshape(1, -1, 1, 1) for part in _affine_of(layer, value.k)]
        gamma, beta = (self._graph.constant(p.astype(np.float32), "affine") for p in parts)
        scaled = self._graph.node("Mul", [value.name, gamma])
        return replace(value, name=self._graph.node("Add", [scaled, beta]))

    def _pool(self, layer: Record, value: _Value) -> _Value:
        """Add a pooling; a window of 0 × 0 means everything. Padding never counts in a mean."""
        nr, nc = layer.whole("nr", "nc")
        greatest = layer.name == "max_pool_"
        if nr == nc == 0:
            op = "GlobalMaxPool" if greatest else "GlobalAveragePool"
            one = np.ones_like(value.nr)
            return _Value(self._graph.node(op, [value.name]), value.k, one, one)
        op = "MaxPool" if greatest else "AveragePool"
        name = self._graph.node(op, [value.name], **_window(layer, nr, nc))
        return _Value(name, value.k, *_sizes(layer, value, nr, nc))

    def _add_prev(self, value: _Value) -> _Value:
        """Add the newest open tag; where sizes differ, dlib fills the smaller one up with zeros."""
        if not self._open:
            raise ConversionRefused("a dlib add_prev_ has no tag that it could add")
        other = self._open.pop()
        k = max(value.k, other.k)
        nr, nc = np.maximum(value.nr, other.nr), np.maximum(value.nc, other.nc)
        sides = [self._pad(side, k, nr, nc) for side in (value, other)]
        return _Value(self._graph.node("Add", sides), k, nr, nc)

    def _pad(self, value: _Value, k: int, nr: NDArray[np.int64], nc: NDArray[np.int64]) -> str:
        missing = [np.unique(full - has) for full, has in ((nr, value.nr), (nc, value.nc))]
        if any(len(steps) > 1 for steps in missing):
            raise ConversionRefused(
                "a dlib add_prev_ joins branches whose sizes differ from picture to picture"
            )
        ends = [0, k - value.k, *(int(steps[0]) for steps in missing)]
        if not any(ends):
            return value.name
        return self._graph.node("Pad", [value.name, self._graph.shape([0, 0, 0, 0, *ends])])

    def _fc(self, layer: Record, value: _Value) -> _Value:
        """Add a fully connected layer over all channels, rows and columns."""
        outputs, inputs = layer.whole("outputs", "inputs")
        biased = bool(layer.fields["bias"])
        _need(layer, outputs * (inputs + biased))
        flat = self._graph.node("Flatten", [value.name])
        weights = layer.params[: inputs * outputs].reshape(inputs, outputs)
        parts = [weights, *([layer.params[inputs * outputs :]] if biased else [])]
        names = [self._graph.constant(part, "w") for part in parts]
        nothing = np.zeros(0, np.int64)
        return _Value(self._graph.node("Gemm", [flat, *names]), outputs, nothing, nothing)


def _affine_of(layer: Record, k: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return scale and shift a channel."""
    if layer.whole("mode") != [_CONV_MODE]:
        raise ConversionRefused(
            "the dlib layer affine_ works on single values; only channels are known"
        )
    _need(layer, 2 * k)
    params = layer.params.astype(np.float64)
    return params[:k], params[k:]


def _window(layer: Record, nr: int, nc: int) -> dict[str, list[int]]:
    """Return the ONNX attributes of a sliding window, as the file states them."""
    stride_y, stride_x, padding_y, padding_x = layer.whole(
        "stride_y", "stride_x", "padding_y", "padding_x"
    )
    _check(layer, nr, nc, stride_y, stride_x, lowest=1)
    _check(layer, padding_y, padding_x, lowest=0)
    return {
        "kernel_shape": [nr, nc],
        "strides": [stride_y, stride_x],
        "pads": [padding_y, padding_x, padding_y, padding_x],
    }


def _sizes(
    layer: Record, value: _Value, nr: int, nc: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and columns after a sliding window; an incomplete last step is dropped."""
    stride_y, stride_x, padding_y, padding_x = layer.whole(
        "stride_y", "stride_x", "padding_y", "padding_x"
    )
    rows = 1 + (value.nr + 2 * padding_y - nr) // stride_y
    columns = 1 + (value.nc + 2 * padding_x - nc) // stride_x
    if rows.size == 1 and min(rows[0], columns[0]) < 1:
        raise ConversionRefused(f"the dlib layer {layer.name} has a window larger than its input")
    return rows, columns


def _need(layer: Record, count: int) -> None:
    if count <= 0 or len(layer.params) != count:
        raise ConversionRefused(
            f"the dlib layer {layer.name} has {len(layer.params)} parameters where {count} belong"
        )


def _check(layer: Record, *values: int, lowest: int) -> None:
    if any(not lowest <= value <= _MOST for value in values):
        raise ConversionRefused(f"the dlib layer {layer.name} has a size of {list(values)}")
