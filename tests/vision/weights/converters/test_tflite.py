"""The face mesh: our graph against LiteRT on real faces."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.vision.weights.faces import crops
from tests.vision.weights.running import run
from visavis.core.errors import ConversionRefused
from visavis.vision.weights.catalog import find_weight
from visavis.vision.weights.converters import tflite as converter


def test_face_mesh_is_litert_s_own_on_real_faces(ready_weights: Path, shared_data: Path) -> None:
    interpreter: Any = pytest.importorskip("ai_edge_litert.interpreter")
    raw = (ready_weights / "facemesh" / "raw").read_bytes()
    faces = crops(shared_data, count=24, size=192).astype(np.float32) / 255
    theirs = interpreter.Interpreter(model_content=raw)
    theirs.allocate_tensors()
    points_at, presence_at = (output["index"] for output in theirs.get_output_details())
    expected_points, expected_presence = [], []
    for face in faces:
        theirs.set_tensor(theirs.get_input_details()[0]["index"], face[None])
        theirs.invoke()
        expected_points.append(theirs.get_tensor(points_at).reshape(468, 3))
        expected_presence.append(theirs.get_tensor(presence_at).reshape(1))

    graph = (ready_weights / "facemesh" / "model.onnx").read_bytes()
    batch = faces.transpose(0, 3, 1, 2)
    points, presence = run(graph, batch)
    singles = np.concatenate([run(graph, batch[i : i + 1])[0] for i in range(len(batch))])

    assert np.abs(points - np.stack(expected_points)).max() <= 0.05, "pixels of the crop"
    assert np.abs(presence - np.stack(expected_presence)).max() <= 1e-3
    assert np.abs(singles - points).max() <= 1e-3
    names = find_weight("facemesh").outputs
    assert converter.convert(raw, names) == converter.convert(raw, names)


def test_another_tflite_file_than_the_catalog_s_is_refused(ready_weights: Path) -> None:
    raw = (ready_weights / "facemesh" / "raw").read_bytes()
    with pytest.raises(ConversionRefused, match="points has shape"):
        converter.convert(raw, {"points": (478, 3), "presence": (1,)})
    with pytest.raises(ConversionRefused, match="2 outputs, not 1"):
        converter.convert(raw, {"points": (468, 3)})
