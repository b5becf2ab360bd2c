"""Write small dlib networks, layer by layer, as dlib serialises them."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

MARK = b""
"""A tag or a skip: it leaves nothing but its version."""


def integer(value: int) -> bytes:
    size = max((abs(value).bit_length() + 7) // 8, 1)
    return bytes([size | (0x80 if value < 0 else 0)]) + abs(value).to_bytes(size, "little")


def number(value: float) -> bytes:
    mantissa, exponent = math.frexp(value)
    return integer(int(mantissa * 2**53)) + integer(exponent - 53)


def text(value: str) -> bytes:
    return integer(len(value)) + value.encode()


def tensor(array: Array) -> bytes:
    """A tensor with all values along the first of its four sizes."""
    sizes = [array.size, 1, 1, 1] if array.size else [0, 0, 0, 0]
    return _version(2) + _integers(sizes) + array.astype("<f4").tobytes()


def view(*sizes: int) -> bytes:
    return _version(1) + _integers(sizes)


def con(
    weights: Array,
    bias: Array | None,
    *,
    stride: int = 1,
    padding: int = 0,
    relu: bool | None = None,
) -> bytes:
    """A convolution; as con_4, or as con_6 when `relu` says whether one is fused to it."""
    filters, k, nr, nc = weights.shape
    params = weights.ravel() if bias is None else np.concatenate([weights.ravel(), bias])
    record = text("con_4" if relu is None else "con_6") + tensor(params)
    record += _integers([filters, nr, nc, stride, stride, padding, padding])
    record += view(filters, k, nr, nc) + view(1, filters, 1, 1) + _multipliers()
    if relu is not None:
        record += _flag(bias is not None) + _flag(relu)
    return record


def affine(gamma: Array, beta: Array, mode: int = 0) -> bytes:
    k = len(gamma)
    params = tensor(np.concatenate([gamma, beta]))
    return text("affine_") + params + view(1, k, 1, 1) + view(1, k, 1, 1) + integer(mode)


def relu() -> bytes:
    return text("relu_")


def add_prev() -> bytes:
    return text("add_prev_")


def pool(kind: str, size: int, stride: int, padding: int = 0) -> bytes:
    return text(f"{kind}_pool_2") + _integers([size, size, stride, stride, padding, padding])


def fc(weights: Array, bias: Array | None) -> bytes:
    """A fully connected layer; weights lie inputs × outputs."""
    inputs, outputs = weights.shape
    params = weights.ravel() if bias is None else np.concatenate([weights.ravel(), bias])
    record = text("fc_2") + _integers([outputs, inputs]) + tensor(params)
    record += view(inputs, 1, 1, outputs) + view(1, 1, 1, outputs)
    return record + integer(bias is None) + _multipliers()


def sized_input(nr: int, nc: int, means: Sequence[float] = (120.0, 110.5, 100.25)) -> bytes:
    return text("input_rgb_image_sized") + b"".join(map(number, means)) + _integers([nr, nc])


def free_input(means: Sequence[float] = (120.0, 110.5, 100.25)) -> bytes:
    return text("input_rgb_image") + b"".join(map(number, means))


def network(inputs: bytes, *layers: bytes, loss: str | None = "loss_metric_2") -> bytes:
    """Nest the layers, given from the input outwards, into one file."""
    inner, *outer = layers
    headers = [integer(1) if layer == MARK else integer(2) for layer in reversed(outer)]
    records = [layer and layer + _leftovers() for layer in outer]
    head = integer(1) + text(loss) + number(0.04) + number(0.6) if loss else b""
    body = inputs + inner + _leftovers() + integer(1)
    return head + b"".join(headers) + integer(3) + body + b"".join(records)


def _leftovers() -> bytes:
    """What training leaves behind each layer: three flags, three empty tensors."""
    return b"110" + 3 * tensor(np.zeros(0))


def _version(value: int) -> bytes:
    return integer(value)


def _integers(values: Sequence[int]) -> bytes:
    return b"".join(map(integer, values))


def _multipliers() -> bytes:
    return number(1.0) * 3 + number(0.0)


def _flag(value: bool) -> bytes:
    return b"1" if value else b"0"
