"""Run ONNX bytes in tests."""

from typing import Any

import numpy as np
import onnxruntime as ort

Array = np.ndarray[Any, Any]


def run(graph: bytes, image: Array) -> list[Array]:
    """Return the outputs of the graph for its one input."""
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    outputs: list[Array] = session.run(None, {given.name: image})
    return outputs
