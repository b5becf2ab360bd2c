"""CenterFace cleaned: same answers, free sizes, nothing unused."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from tests.vision.weights.running import run
from visavis.core.errors import ConversionRefused
from visavis.vision.weights.converters import centerface as converter


def test_the_cleaned_graph_answers_as_the_published_one(ready_weights: Path) -> None:
    raw = (ready_weights / "centerface" / "raw").read_bytes()
    graph = (ready_weights / "centerface" / "model.onnx").read_bytes()
    image = np.random.default_rng(1).uniform(0, 255, (10, 3, 32, 32)).astype(np.float32)
    options = ort.SessionOptions()
    options.log_severity_level = 4  # the published file causes a warning for each unused tensor
    published = ort.InferenceSession(raw, options, providers=["CPUExecutionProvider"])
    expected = published.run(None, {published.get_inputs()[0].name: image})
    for ours, theirs in zip(run(graph, image), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
    heat, size, offset, points = run(graph, np.zeros((2, 3, 64, 96), np.float32))
    assert heat.shape == (2, 1, 16, 24)
    assert size.shape == offset.shape == (2, 2, 16, 24)
    assert points.shape == (2, 10, 16, 24)
    assert converter.convert(raw) == converter.convert(raw)


def test_onnx_runtime_has_nothing_to_warn_about(
    ready_weights: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = ready_weights / "centerface" / "model.onnx"
    graph = onnx.load(str(path)).graph
    assert {i.name for i in graph.input} == {"image"}
    assert {t.name for t in graph.initializer} <= {name for n in graph.node for name in n.input}
    ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    assert capfd.readouterr().err == ""


def test_another_graph_is_refused() -> None:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 32, 32])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3, 32, 32])
    node = helper.make_node("Relu", ["x"], ["y"])
    model = helper.make_model(helper.make_graph([node], "g", [value], [out]))
    with pytest.raises(ConversionRefused, match="CenterFace has 1"):
        converter.convert(model.SerializeToString())
