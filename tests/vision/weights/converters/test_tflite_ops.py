"""Each TFLite operator by itself: our graph against LiteRT on the same bytes."""

from typing import Any

import numpy as np
import pytest
import tflite

from tests.vision.weights.converters.tflite_files import File, Op
from tests.vision.weights.running import Array, run
from visavis.core.errors import ConversionRefused
from visavis.vision.weights.converters import tflite as converter

RNG = np.random.default_rng(7)
ACT, SAME, VALID = tflite.ActivationFunctionType, tflite.Padding.SAME, tflite.Padding.VALID
X = (1, 9, 8, 6)


def floats(*shape: int) -> Array:
    return RNG.normal(size=shape).astype(np.float32)


def ints(*values: Any) -> Array:
    return np.array(values, np.int32)


def conv(
    padding: int, stride: int, activation: int = ACT.NONE, dilation: int = 1
) -> dict[str, Any]:
    return {
        "Padding": padding,
        "StrideH": stride,
        "StrideW": stride,
        "DilationHFactor": dilation,
        "DilationWFactor": dilation,
        "FusedActivationFunction": activation,
    }


def pool(padding: int, size: int, stride: int) -> dict[str, Any]:
    strides = {"StrideH": stride, "StrideW": stride}
    return {"Padding": padding, "FilterHeight": size, "FilterWidth": size, **strides}


def unary(name: str, options: str | None = None, **fields: Any) -> File:
    return File([Op(name, ["x"], "y", options, fields)], {"x": X, "y": X})


def binary(name: str, options: str, constant: Array, *, activation: int = ACT.NONE) -> File:
    op = Op(name, ["x", "c"], "y", options, {"FusedActivationFunction": activation})
    return File([op], {"x": X, "y": X}, {"c": constant})


def with_constants(
    name: str, out: tuple[int, ...], options: str | None, fields: dict[str, Any], *constants: Array
) -> File:
    named = {f"c{i}": constant for i, constant in enumerate(constants)}
    return File([Op(name, ["x", *named], "y", options, fields)], {"x": X, "y": out}, named)


def transpose_conv(out: tuple[int, ...], padding: int, stride: int, *bias: Array) -> File:
    named = {"s": ints(*out), "w": floats(out[3], 3, 3, 6), **({"b": bias[0]} if bias else {})}
    inputs = ["s", "w", "x", *(["b"] if bias else [])]
    fields = {"Padding": padding, "StrideH": stride, "StrideW": stride}
    op = Op("TRANSPOSE_CONV", inputs, "y", "TransposeConvOptions", fields)
    return File([op], {"x": X, "y": out}, named)


def resize(**fields: Any) -> File:
    return with_constants(
        "RESIZE_BILINEAR", (1, 14, 13, 6), "ResizeBilinearOptions", fields, ints(14, 13)
    )


def mean(out: tuple[int, ...], *axes: int, keep: bool) -> File:
    return with_constants("MEAN", out, "ReducerOptions", {"KeepDims": keep}, ints(*axes))


def concatenation(axis: int, out: tuple[int, ...]) -> File:
    join = Op("CONCATENATION", ["x", "t"], "y", "ConcatenationOptions", {"Axis": axis})
    return File([Op("TANH", ["x"], "t"), join], {"x": X, "t": X, "y": out})


def half_floats() -> File:
    """A convolution whose weights are kept in half precision."""
    stored = {"w16": floats(4, 3, 3, 6).astype(np.float16), "b16": floats(4).astype(np.float16)}
    ops = [
        Op("DEQUANTIZE", ["w16"], "w"),
        Op("DEQUANTIZE", ["b16"], "b"),
        Op("CONV_2D", ["x", "w", "b"], "y", "Conv2DOptions", conv(SAME, 1)),
    ]
    shapes = {"x": X, "w": (4, 3, 3, 6), "b": (4,), "y": (1, 9, 8, 4)}
    return File(ops, shapes, stored)


def flattened_head() -> File:
    """Reshape to a vector and fully connect: the order of axes decides."""
    ops = [
        Op("RESHAPE", ["x", "s"], "flat", "ReshapeOptions"),
        Op(
            "FULLY_CONNECTED",
            ["flat", "w", "b"],
            "wide",
            "FullyConnectedOptions",
            {"FusedActivationFunction": ACT.RELU},
        ),
        Op("SOFTMAX", ["wide"], "y", "SoftmaxOptions", {"Beta": 1.0}),
    ]
    constants = {"s": ints(1, 432), "w": floats(5, 432) / 20, "b": floats(5)}
    return File(ops, {"x": X, "flat": (1, 432), "wide": (1, 5), "y": (1, 5)}, constants)


CASES = {
    "conv same stride 2": with_constants(
        "CONV_2D",
        (1, 5, 4, 4),
        "Conv2DOptions",
        conv(SAME, 2, ACT.RELU6),
        floats(4, 3, 3, 6),
        floats(4),
    ),
    "conv valid dilated": with_constants(
        "CONV_2D",
        (1, 5, 4, 4),
        "Conv2DOptions",
        conv(VALID, 1, ACT.NONE, 2),
        floats(4, 3, 3, 6),
        floats(4),
    ),
    "conv 5x5 n1 to 1": with_constants(
        "CONV_2D",
        (1, 9, 8, 4),
        "Conv2DOptions",
        conv(SAME, 1, ACT.RELU_N1_TO_1),
        floats(4, 5, 5, 6),
        floats(4),
    ),
    "depthwise": with_constants(
        "DEPTHWISE_CONV_2D",
        (1, 5, 4, 6),
        "DepthwiseConv2DOptions",
        {**conv(SAME, 2, ACT.RELU), "DepthMultiplier": 1},
        floats(1, 3, 3, 6),
        floats(6),
    ),
    "depthwise multiplied": with_constants(
        "DEPTHWISE_CONV_2D",
        (1, 7, 6, 12),
        "DepthwiseConv2DOptions",
        {**conv(VALID, 1), "DepthMultiplier": 2},
        floats(1, 3, 3, 12),
        floats(12),
    ),
    "transpose conv same": transpose_conv((1, 18, 16, 4), SAME, 2),
    "transpose conv valid": transpose_conv((1, 19, 17, 4), VALID, 2, floats(4)),
    "half floats": half_floats(),
    "max pool": with_constants("MAX_POOL_2D", (1, 5, 4, 6), "Pool2DOptions", pool(SAME, 3, 2)),
    "mean pool same": with_constants(
        "AVERAGE_POOL_2D", (1, 5, 4, 6), "Pool2DOptions", pool(SAME, 3, 2)
    ),
    "mean pool valid": with_constants(
        "AVERAGE_POOL_2D", (1, 4, 3, 6), "Pool2DOptions", pool(VALID, 3, 2)
    ),
    "add a channel": binary("ADD", "AddOptions", floats(6), activation=ACT.RELU),
    "add a number": binary("ADD", "AddOptions", floats(1)),
    "mul a row": binary("MUL", "MulOptions", floats(8, 6)),
    "sub everything": binary("SUB", "SubOptions", floats(*X)),
    "div": binary("DIV", "DivOptions", 1 + np.abs(floats(6))),
    "prelu a channel": with_constants("PRELU", X, None, {}, floats(1, 1, 6)),
    "prelu everything": with_constants("PRELU", X, None, {}, floats(9, 8, 6)),
    "leaky relu": unary("LEAKY_RELU", "LeakyReluOptions", Alpha=0.3),
    "relu": unary("RELU"),
    "relu6": unary("RELU6"),
    "tanh": unary("TANH"),
    "logistic": unary("LOGISTIC"),
    "hard swish": unary("HARD_SWISH", "HardSwishOptions"),
    "softmax of channels": unary("SOFTMAX", "SoftmaxOptions", Beta=2.0),
    "pad": with_constants("PAD", (1, 12, 8, 10), None, {}, ints((0, 0), (1, 2), (0, 0), (0, 4))),
    "pad with a value": with_constants(
        "PADV2", (1, 10, 8, 6), None, {}, ints((0, 0), (1, 0), (0, 0), (0, 0)), floats(1)
    ),
    "reshape to 4": with_constants(
        "RESHAPE", (1, 4, 9, 12), "ReshapeOptions", {}, ints(1, 4, 9, 12)
    ),
    "flattened head": flattened_head(),
    "concat channels": concatenation(-1, (1, 9, 8, 12)),
    "concat rows": concatenation(1, (1, 18, 8, 6)),
    "mean kept": mean((1, 1, 1, 6), 1, 2, keep=True),
    "mean of a picture": mean((1, 6), 1, 2, keep=False),
    "mean of columns": mean((1, 9, 6), 2, keep=False),
    "resize": resize(),
    "resize half pixel": resize(HalfPixelCenters=True),
    "resize corners": resize(AlignCorners=True),
}


@pytest.mark.parametrize("name", CASES)
def test_operator_agrees_with_litert(name: str) -> None:
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    data = CASES[name].data()
    pictures = [floats(*X) for _ in range(2)]
    theirs = np.concatenate([_litert(interpreter, data, picture) for picture in pictures])
    graph = converter.convert(data)
    batch = np.concatenate(pictures).transpose(0, 3, 1, 2)
    (ours,) = run(graph, batch)
    (single,) = run(graph, batch[:1])
    np.testing.assert_allclose(ours, theirs, atol=2e-5, rtol=1e-5)
    np.testing.assert_allclose(single, theirs[:1], atol=2e-5, rtol=1e-5)


def test_two_branches_meet_without_transposition() -> None:
    import onnx

    ops = [
        Op("RELU", ["x"], "a"),
        Op("LOGISTIC", ["x"], "b"),
        Op("ADD", ["a", "b"], "c", "AddOptions"),
        Op("MEAN", ["c", "axes"], "y", "ReducerOptions", {"KeepDims": False}),
    ]
    shapes = {"x": X, "a": X, "b": X, "c": X, "y": (1, 6)}
    graph = converter.convert(File(ops, shapes, {"axes": ints(1, 2)}).data())
    kinds = [node.op_type for node in onnx.load_from_string(graph).graph.node]
    assert kinds == ["Relu", "Sigmoid", "Add", "ReduceMean", "Identity"]


@pytest.mark.parametrize(
    ("file", "named"),
    [
        (unary("COS"), "COS"),
        (unary("SegmentationSmoothing"), "SegmentationSmoothing"),
        (File([Op("RELU", ["x"])], {"x": X, "y": X}, input_type=np.int8), "INT8"),
        (binary("ADD", "AddOptions", ints(1)), "operand"),
        (with_constants("RESHAPE", (2, 216), "ReshapeOptions", {}, ints(2, 216)), "RESHAPE"),
        (mean((1, 8, 6), 0, keep=False), "MEAN"),
        (concatenation(0, (2, 9, 8, 6)), "CONCATENATION"),
        (binary("ADD", "AddOptions", floats(1, 9, 8, 6, 1)), "ADD|shape"),
        (unary("CONV_2D"), "CONV_2D"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(file: File, named: str) -> None:
    with pytest.raises(ConversionRefused, match=named):
        converter.convert(file.data())


def _litert(interpreter: Any, data: bytes, picture: Array) -> Array:
    model = interpreter.Interpreter(model_content=data)
    model.allocate_tensors()
    model.set_tensor(model.get_input_details()[0]["index"], picture)
    model.invoke()
    result: Array = model.get_tensor(model.get_output_details()[0]["index"])
    return result
