"""TFLite operators that slide a window, and the activation that any operator may carry."""

from collections.abc import Callable

import numpy as np
import tflite
from numpy.typing import NDArray

from visavis.core.errors import ConversionRefused
from visavis.vision.weights.converters.tflite_file import Operator, Packed
from visavis.vision.weights.converters.tflite_values import Values

_CLIPS = {
    tflite.ActivationFunctionType.RELU6: (0.0, 6.0),
    tflite.ActivationFunctionType.RELU_N1_TO_1: (-1.0, 1.0),
}
_PLAIN = {
    tflite.ActivationFunctionType.RELU: "Relu",
    tflite.ActivationFunctionType.TANH: "Tanh",
}
_MOST = 4096
"""Largest kernel, stride or dilation that is taken seriously."""


def activate(values: Values, name: str, activation: int) -> str:
    """Add the activation that TFLite fuses to another operator."""
    if activation == tflite.ActivationFunctionType.NONE:
        return name
    if activation in _PLAIN:
        return values.graph.node(_PLAIN[activation], [name])
    if activation not in _CLIPS:
        raise ConversionRefused(f"the TFLite activation {activation} is not known to the converter")
    limits = [
        values.graph.constant(np.array(limit, np.float32), "limit") for limit in _CLIPS[activation]
    ]
    return values.graph.node("Clip", [name, *limits])


def conv(operator: Operator, values: Values) -> str:
    """CONV_2D; its weights lie outputs × rows × columns × inputs."""
    options = operator.options(tflite.Conv2DOptions)
    weights = _weights(operator, values, 1)
    channels = values.shape(operator.inputs[0])[-1]
    group = channels // weights.shape[3]
    return _conv(operator, values, options, weights.transpose(0, 3, 1, 2), group)


def depthwise_conv(operator: Operator, values: Values) -> str:
    """DEPTHWISE_CONV_2D; its weights lie 1 × rows × columns × outputs."""
    options = operator.options(tflite.DepthwiseConv2DOptions)
    weights = _weights(operator, values, 1)
    channels = values.shape(operator.inputs[0])[-1]
    if weights.shape[0] != 1 or weights.shape[3] % channels:
        raise ConversionRefused(f"the TFLite operator {operator.name} has weights {weights.shape}")
    return _conv(operator, values, options, weights.transpose(3, 0, 1, 2), channels)


def transpose_conv(operator: Operator, values: Values) -> str:
    """TRANSPOSE_CONV; its operands are output shape, weights, input, and perhaps bias."""
    options = operator.options(tflite.TransposeConvOptions)
    weights = _weights(operator, values, 1).transpose(3, 0, 1, 2)
    strides = [options.StrideH(), options.StrideW()]
    pads, extra = [], []
    for axis, stride in enumerate(strides):
        before, after, missing = _transposed_padding(
            values.shape(operator.inputs[2])[axis + 1],
            values.shape(operator.outputs[0])[axis + 1],
            weights.shape[axis + 2],
            stride,
        )
        pads.append((before, after))
        extra.append(missing)
    inputs = [values.get(operator.inputs[2]), values.graph.constant(weights, "w")]
    inputs += _bias(operator, values, 3)
    name = values.graph.node(
        "ConvTranspose",
        inputs,
        strides=strides,
        pads=[pads[0][0], pads[1][0], pads[0][1], pads[1][1]],
        output_padding=extra,
    )
    return activate(values, name, options.FusedActivationFunction())


def pool(op: str) -> Callable[[Operator, Values], str]:
    """Return an adder for a pooling operator; padding never counts in a mean."""

    def add(operator: Operator, values: Values) -> str:
        options = operator.options(tflite.Pool2DOptions)
        kernel = [options.FilterHeight(), options.FilterWidth()]
        window = _window(operator, values, options, kernel, [1, 1])
        del window["dilations"]
        name = values.graph.node(op, [values.get(operator.inputs[0])], **window)
        return activate(values, name, options.FusedActivationFunction())

    return add


def _conv(
    operator: Operator, values: Values, options: Packed, weights: NDArray[np.float32], group: int
) -> str:
    dilations = [options.DilationHFactor(), options.DilationWFactor()]
    window = _window(operator, values, options, list(weights.shape[2:]), dilations)
    inputs = [values.get(operator.inputs[0]), values.graph.constant(weights, "w")]
    inputs += _bias(operator, values, 2)
    name = values.graph.node("Conv", inputs, group=group, **window)
    return activate(values, name, options.FusedActivationFunction())


def _weights(operator: Operator, values: Values, index: int) -> NDArray[np.float32]:
    weights = values.constant(operator.inputs[index], operator.name)
    if weights.ndim != 4 or weights.dtype != np.float32 or not weights.size:
        raise ConversionRefused(f"the TFLite operator {operator.name} has weights {weights.shape}")
    return weights


def _bias(operator: Operator, values: Values, index: int) -> list[str]:
    if len(operator.inputs) <= index or operator.inputs[index] < 0:
        return []
    bias = values.constant(operator.inputs[index], operator.name)
    return [values.graph.constant(bias, "b")]


def _window(
    operator: Operator, values: Values, options: Packed, kernel: list[int], dilations: list[int]
) -> dict[str, list[int]]:
    """Return the ONNX attributes of a sliding window over the operator's first input."""
    strides = [options.StrideH(), options.StrideW()]
    if any(not 0 < size <= _MOST for size in (*kernel, *strides, *dilations)):
        raise ConversionRefused(f"the TFLite operator {operator.name} has a window of {kernel}")
    sizes = values.shape(operator.inputs[0])[1:3]
    pads = [(0, 0), (0, 0)]
    if options.Padding() == tflite.Padding.SAME:
        windows = zip(sizes, kernel, strides, dilations, strict=True)
        pads = [_same_padding(size, (k - 1) * d + 1, stride) for size, k, stride, d in windows]
    return {
        "kernel_shape": kernel,
        "strides": strides,
        "dilations": dilations,
        "pads": [pads[0][0], pads[1][0], pads[0][1], pads[1][1]],
    }


def _same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return padding before and after so that the output is size ÷ stride, rounded up.

    An odd pixel goes after (compute_padding in tensorflow/lite/kernels/padding.h).
    """
    steps = -(-size // stride)
    total = max((steps - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def _transposed_padding(size: int, out: int, kernel: int, stride: int) -> tuple[int, int, int]:
    """Return what to cut before and after, and what to add after, to get `out` from `size`."""
    if not 0 < stride <= _MOST:
        raise ConversionRefused(f"the TFLite operator TRANSPOSE_CONV has a stride of {stride}")
    surplus = (size - 1) * stride + kernel - out
    before = max(surplus, 0) // 2
    return before, max(surplus, 0) - before, max(-surplus, 0)
