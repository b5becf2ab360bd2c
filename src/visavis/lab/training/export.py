"""From the trained network to a head file: ONNX, eight-bit weights, calibration, card."""

import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn

from visavis.core.types import Floats, Pixels
from visavis.lab.training.nets import HeadsNet
from visavis.vision.heads.card import METADATA_KEY, HeadCard

OPSET = 17
_LOGITS = "_logits"

_EIGHT_BIT = ["Add", "AveragePool", "Conv", "Gemm", "GlobalAveragePool", "MaxPool", "Pad", "Relu"]
"""Operators that run on integers."""


class _Served(nn.Module):
    """The network as it serves: it takes pixels as they lie in a picture."""

    def __init__(self, net: HeadsNet) -> None:
        super().__init__()
        self.net = net.folded()

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Map (n, size, size, 3) uint8 RGB to one (n, classes) of logits a head."""
        logits: tuple[Tensor, ...] = self.net(pixels.permute(0, 3, 1, 2).float())
        return logits


def to_onnx(net: HeadsNet, size: int, path: Path) -> None:
    """Write the network: pixels (n, size, size, 3) uint8 to `<head>_logits` for each head."""
    names = [f"{head}{_LOGITS}" for head in net.heads]
    with warnings.catch_warnings():
        # The newer exporter needs one package more and writes the same graph; and that sizes are
        # fixed while tracing is what we want.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Served(net),
            (torch.zeros(1, size, size, 3, dtype=torch.uint8),),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=["image"],
            output_names=names,
            dynamic_axes={name: {0: "n"} for name in ["image", *names]},
        )


def quantise(source: Path, target: Path, samples: Sequence[Pixels]) -> None:
    """Make convolutions run on eight-bit integers: a quarter of the bytes, twice the speed.

    Args:
        source: Float graph.
        target: Where the eight-bit graph goes.
        samples: Typical inputs, each (n, size, size, 3): the ranges of activations come from them.
    """
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.onnx"
        quant_pre_process(str(source), str(ready))
        quantize_static(
            str(ready),
            str(target),
            _Samples(samples),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=_EIGHT_BIT,
            nodes_to_exclude=_last_layer(ready),
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            calibrate_method=CalibrationMethod.MinMax,
        )
    _take_bytes(target)


def _take_bytes(path: Path) -> None:
    """Let the first convolution read the pixels themselves: they are eight-bit integers already.

    The quantiser turns them into floats and back, on a scale that is one when the samples reach
    from black to white; here it is one in any case.
    """
    model = onnx.load(str(path))
    graph = model.graph
    (cast,) = [node for node in graph.node if node.op_type == "Cast"]
    (entry,) = [n for n in graph.node if n.input[0] == cast.output[0]]
    held = {entry.name: entry for entry in graph.initializer}
    scale, zero = entry.input[1:3]
    held[scale].CopyFrom(numpy_helper.from_array(np.array(1, np.float32), scale))
    held[zero].CopyFrom(numpy_helper.from_array(np.array(0, np.uint8), zero))
    for node in graph.node:
        if node.input[0] == entry.output[0]:
            node.input[0] = cast.input[0]
    graph.node.remove(cast)
    graph.node.remove(entry)
    onnx.save(model, str(path))


def _last_layer(path: Path) -> list[str]:
    """Return the names of the layers nearest the output: they stay exact, and they are small."""
    return [node.name for node in onnx.load(str(path)).graph.node if node.op_type == "Gemm"][-1:]


class _Samples(CalibrationDataReader):
    """Hands the samples to the quantiser one by one."""

    def __init__(self, samples: Sequence[Pixels]) -> None:
        self._rest = iter(samples)

    def get_next(self) -> dict[str, Pixels] | None:
        """Return the next input, or None at the end."""
        sample = next(self._rest, None)
        return None if sample is None else {"image": sample}


def run_graph(path: Path, batches: Sequence[NDArray[Any]]) -> list[Floats]:
    """Return each output of a graph for all batches put together."""
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    parts = [session.run(None, {"image": batch}) for batch in batches]
    return [np.concatenate(each) for each in zip(*parts, strict=True)]


def finish(source: Path, target: Path, card: HeadCard) -> None:
    """Turn logits into calibrated probabilities inside the graph, and put the card in.

    The calibration is that of `lab.calibration.Calibration`.

    Args:
        source: A graph with outputs `<head>_logits`.
        target: The head file.
        card: What it says of itself; its temperatures and powers go into the graph.
    """
    model = onnx.load(str(source))
    graph = model.graph
    del graph.output[:]
    for head, facts in card.heads.items():
        numbers = {"power": facts.power, "scale": -1 / facts.temperature}
        for name, number in numbers.items():
            held = numpy_helper.from_array(np.array(number, np.float32), f"{head}_{name}")
            graph.initializer.append(held)
        steps = (
            ("LogSoftmax", [f"{head}{_LOGITS}"], "logs"),
            ("Neg", [f"{head}_logs"], "doubt"),
            ("Relu", [f"{head}_doubt"], "sound"),  # a rounded log of 1 may lie above 0
            ("Pow", [f"{head}_sound", f"{head}_power"], "bent"),
            ("Mul", [f"{head}_bent", f"{head}_scale"], "scaled"),
        )
        for kind, inputs, output in steps:
            graph.node.append(helper.make_node(kind, inputs, [f"{head}_{output}"]))
        graph.node.append(helper.make_node("Softmax", [f"{head}_scaled"], [head.value], axis=1))
        shape: list[str | int | None] = ["n", len(facts.shares)]
        graph.output.append(helper.make_tensor_value_info(head.value, TensorProto.FLOAT, shape))
    set_metadata(model, {METADATA_KEY: card.model_dump_json()})
    onnx.checker.check_model(model)
    onnx.save(model, str(target))


def set_metadata(model: onnx.ModelProto, entries: Mapping[str, str]) -> None:
    """Replace what a graph says of itself."""
    del model.metadata_props[:]
    for key, value in entries.items():
        model.metadata_props.add(key=key, value=value)


def agreement(first: Floats, second: Floats) -> float:
    """Return the share of faces on which two graphs choose the same class."""
    same: NDArray[np.bool_] = first.argmax(axis=1) == second.argmax(axis=1)
    return float(same.mean())
