"""Small ONNX graphs with the inputs and outputs of the real ones."""

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper


def constant_graph(path: Path, side: int, outputs: list[NDArray[np.float32]]) -> Path:
    """Write a graph that takes (1, 3, side, side) and answers `outputs` whatever it is shown."""
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, side, side])
    nodes = [
        helper.make_node("ReduceSum", ["image"], ["sum"], keepdims=0),
        helper.make_node("Mul", ["sum", "zero"], ["nothing"]),
    ]
    weights = [numpy_helper.from_array(np.zeros((), np.float32), "zero")]
    answers = []
    for i, output in enumerate(outputs):
        weights.append(numpy_helper.from_array(output, f"w{i}"))
        nodes.append(helper.make_node("Add", [f"w{i}", "nothing"], [f"out{i}"]))
        answers.append(helper.make_tensor_value_info(f"out{i}", TensorProto.FLOAT, output.shape))
    return _write(path, helper.make_graph(nodes, "constant", [image], answers, weights))


def mean_colour_graph(path: Path, side: int, batch: int | str = "n") -> Path:
    """Write a graph (batch, 3, side, side) → (batch, 3) that answers the mean of each channel."""
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [batch, 3, side, side])
    answer = helper.make_tensor_value_info("mean", TensorProto.FLOAT, [batch, 3])
    pool = helper.make_node("GlobalAveragePool", ["image"], ["pooled"])
    flat = helper.make_node("Flatten", ["pooled"], ["mean"])
    return _write(path, helper.make_graph([pool, flat], "mean", [image], [answer]))


def _write(path: Path, graph: onnx.GraphProto) -> Path:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path
