"""TFLite operators as ONNX nodes: everything but convolutions and pooling."""

from collections.abc import Callable

import numpy as np
import tflite

from visavis.core.errors import ConversionRefused
from visavis.vision.weights.converters.graph import Attribute
from visavis.vision.weights.converters.tflite_file import Operator, Packed
from visavis.vision.weights.converters.tflite_values import ONNX_AXIS, Values
from visavis.vision.weights.converters.tflite_windows import (
    activate,
    conv,
    depthwise_conv,
    pool,
    transpose_conv,
)

Adder = Callable[[Operator, Values], str]

_RESIZE_COORDINATES = {
    (False, False): "asymmetric",
    (True, False): "align_corners",
    (False, True): "half_pixel",
}
"""(align corners, half-pixel centres) → ONNX's word."""


def _one_to_one(op: str, **attributes: Attribute) -> Adder:
    """Return an adder for an operator that ONNX has under another name."""

    def add(operator: Operator, values: Values) -> str:
        return values.graph.node(op, [values.get(operator.inputs[0])], **attributes)

    return add


def _arithmetic(op: str, kind: Packed) -> Adder:
    """Return an adder for an operator on two operands that broadcast, with a fused activation."""

    def add(operator: Operator, values: Values) -> str:
        rank = len(values.shape(operator.outputs[0]))
        sides = [values.operand(number, rank) for number in operator.inputs]
        name = values.graph.node(op, sides)
        if operator.table is None:
            return name
        return activate(values, name, operator.options(kind).FusedActivationFunction())

    return add


def _relu6(operator: Operator, values: Values) -> str:
    return activate(values, values.get(operator.inputs[0]), tflite.ActivationFunctionType.RELU6)


def _prelu(operator: Operator, values: Values) -> str:
    """PReLU; with a slope a channel it becomes slope × x + (1 − slope) × max(x, 0).

    As two depthwise convolutions of one pixel that runs six times faster on ONNX Runtime's CPU than
    its PRelu, which is a scalar loop and makes the layout change before and after (measured on the
    face mesh: 5.3 ms → 1.3 ms for the whole graph).
    """
    source, slope = operator.inputs[0], values.stored(operator.inputs[1])
    shape = values.shape(source)
    if slope is None or len(shape) != 4 or slope.shape != (1, 1, shape[3]):
        operand = values.operand(operator.inputs[1], len(shape))
        return values.graph.node("PRelu", [values.get(source), operand])
    per_channel = slope.astype(np.float32).reshape(-1, 1, 1, 1)
    straight = values.get(source)
    parts = [(1 - per_channel, values.graph.node("Relu", [straight])), (per_channel, straight)]
    scaled = [
        values.graph.node("Conv", [value, values.graph.constant(factor, "slope")], group=shape[3])
        for factor, value in parts
    ]
    return values.graph.node("Add", scaled)


def _leaky_relu(operator: Operator, values: Values) -> str:
    alpha = float(operator.options(tflite.LeakyReluOptions).Alpha())
    return values.graph.node("LeakyRelu", [values.get(operator.inputs[0])], alpha=alpha)


def _softmax(operator: Operator, values: Values) -> str:
    """Softmax over the last axis, which is the channels."""
    name = values.get(operator.inputs[0])
    beta = float(operator.options(tflite.SoftmaxOptions).Beta())
    if beta != 1:
        factor = values.graph.constant(np.array([beta], np.float32), "beta")
        name = values.graph.node("Mul", [name, factor])
    axis = 1 if len(values.shape(operator.inputs[0])) == 4 else -1
    return values.graph.node("Softmax", [name], axis=axis)


def _pad(operator: Operator, values: Values) -> str:
    """Pad with zeros, or with the third operand (PADV2)."""
    widths = values.constant(operator.inputs[1], operator.name).astype(np.int64)
    rank = len(values.shape(operator.inputs[0]))
    if widths.shape != (rank, 2) or widths.min() < 0 or widths[0].any():
        raise ConversionRefused(f"the TFLite operator {operator.name} pads by {widths.tolist()}")
    if rank == 4:
        widths = widths[[0, 3, 1, 2]]
    inputs = [values.get(operator.inputs[0]), values.graph.shape(widths.T.ravel().tolist())]
    if len(operator.inputs) > 2:
        fill = values.constant(operator.inputs[2], operator.name).astype(np.float32)
        inputs.append(values.graph.constant(fill.reshape(()), "fill"))
    return values.graph.node("Pad", inputs)


def _reshape(operator: Operator, values: Values) -> str:
    """Reshape within each item of the batch; the shape is that of the declared output."""
    has, wanted = values.shape(operator.inputs[0]), values.shape(operator.outputs[0])
    if has[:1] != (1,) or wanted[:1] != (1,) or np.prod(has) != np.prod(wanted):
        raise ConversionRefused(f"the TFLite operator {operator.name} makes {wanted} of {has}")
    flat = values.reshape(values.rows_first(operator.inputs[0]), wanted[1:])
    return values.channels_first(flat, len(wanted))


def _concatenation(operator: Operator, values: Values) -> str:
    options = operator.options(tflite.ConcatenationOptions)
    rank = len(values.shape(operator.outputs[0]))
    axis = options.Axis() % rank
    if axis == 0:
        raise ConversionRefused("the TFLite operator CONCATENATION joins along the batch")
    sides = [values.get(number) for number in operator.inputs]
    name = values.graph.node("Concat", sides, axis=ONNX_AXIS[axis] if rank == 4 else axis)
    return activate(values, name, options.FusedActivationFunction())


def _mean(operator: Operator, values: Values) -> str:
    """Mean over axes; when axes are dropped, what is left must lie as TFLite has it."""
    source = operator.inputs[0]
    rank = len(values.shape(source))
    axes = {int(axis) % rank for axis in values.constant(operator.inputs[1], "MEAN").ravel()}
    keep = bool(operator.options(tflite.ReducerOptions).KeepDims())
    if 0 in axes or not axes:
        raise ConversionRefused("the TFLite operator MEAN runs over the batch")
    in_order = rank < 4 or keep or {1, 2} <= axes
    name = values.get(source) if in_order else values.rows_first(source)
    places = sorted(ONNX_AXIS[axis] if rank == 4 and in_order else axis for axis in axes)
    inputs = [name, values.graph.shape(places)]
    return values.graph.node("ReduceMean", inputs, keepdims=int(keep))


def _fully_connected(operator: Operator, values: Values) -> str:
    """Multiply the flattened item by a matrix kept as outputs × inputs."""
    options = operator.options(tflite.FullyConnectedOptions)
    weights = values.constant(operator.inputs[1], operator.name)
    out = values.shape(operator.outputs[0])
    size = int(np.prod(values.shape(operator.inputs[0])[1:]))
    if options.WeightsFormat() or weights.ndim != 2 or out != (1, len(weights)):
        raise ConversionRefused(f"the TFLite operator {operator.name} makes {out}; (1, n) is known")
    if weights.shape[1] != size:
        raise ConversionRefused(f"the TFLite operator {operator.name} joins items of the batch")
    flat = values.reshape(values.rows_first(operator.inputs[0]), [size])
    inputs = [flat, values.graph.constant(weights, "w")]
    if len(operator.inputs) > 2 and operator.inputs[2] >= 0:
        inputs.append(values.graph.constant(values.constant(operator.inputs[2], "bias"), "b"))
    name = values.graph.node("Gemm", inputs, transB=1)
    return activate(values, name, options.FusedActivationFunction())


def _resize_bilinear(operator: Operator, values: Values) -> str:
    options = operator.options(tflite.ResizeBilinearOptions)
    coordinates = _RESIZE_COORDINATES.get((options.AlignCorners(), options.HalfPixelCenters()))
    size = values.constant(operator.inputs[1], operator.name).astype(np.int64)
    if coordinates is None or size.shape != (2,):
        raise ConversionRefused(f"the TFLite operator {operator.name} has options that contradict")
    return values.graph.node(
        "Resize",
        [values.get(operator.inputs[0]), "", "", values.graph.shape(size.tolist())],
        axes=[2, 3],
        mode="linear",
        coordinate_transformation_mode=coordinates,
    )


OPERATORS: dict[str, Adder] = {
    "ADD": _arithmetic("Add", tflite.AddOptions),
    "AVERAGE_POOL_2D": pool("AveragePool"),
    "CONCATENATION": _concatenation,
    "CONV_2D": conv,
    "DEPTHWISE_CONV_2D": depthwise_conv,
    "DIV": _arithmetic("Div", tflite.DivOptions),
    "FULLY_CONNECTED": _fully_connected,
    "HARD_SWISH": _one_to_one("HardSwish"),
    "LEAKY_RELU": _leaky_relu,
    "LOGISTIC": _one_to_one("Sigmoid"),
    "MAX_POOL_2D": pool("MaxPool"),
    "MEAN": _mean,
    "MUL": _arithmetic("Mul", tflite.MulOptions),
    "PAD": _pad,
    "PADV2": _pad,
    "PRELU": _prelu,
    "RELU": _one_to_one("Relu"),
    "RELU6": _relu6,
    "RESHAPE": _reshape,
    "RESIZE_BILINEAR": _resize_bilinear,
    "SOFTMAX": _softmax,
    "SUB": _arithmetic("Sub", tflite.SubOptions),
    "TANH": _one_to_one("Tanh"),
    "TRANSPOSE_CONV": transpose_conv,
}
"""What the converter knows, beside DEQUANTIZE of constants."""
