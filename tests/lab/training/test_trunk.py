import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from visavis.core.errors import WeightsCorrupt
from visavis.core.settings import load_settings
from visavis.vision.engines.onnx_engine import OnnxEngine
from visavis.vision.weights.shelf import WeightShelf

pytestmark = pytest.mark.usefixtures("torch_here", "weights")


def embedder():
    path = WeightShelf(load_settings().cache).path("dlib_resnet")
    assert path is not None
    return path


def test_it_is_the_embedder_to_the_last_digit():
    import torch

    from visavis.lab.training.trunk import Trunk

    trunk = Trunk()
    trunk.load_embedder(embedder())
    pictures = np.random.default_rng(1).uniform(0, 255, (2, 3, 150, 150)).astype(np.float32)
    with torch.no_grad():
        last_block = trunk.eval()(torch.from_numpy(pictures))[:, -256:].numpy()
    graph = onnx.load(str(embedder())).graph
    (last,) = [n.input[1] for n in graph.node if n.op_type == "Gemm"]
    (matrix,) = [numpy_helper.to_array(i) for i in graph.initializer if i.name == last]
    wanted = OnnxEngine(embedder(), load_settings().runtime).run(pictures)[0]
    np.testing.assert_allclose(last_block @ matrix, wanted, atol=1e-5)


def test_edges_are_not_learned_anew():
    from visavis.lab.training.trunk import FROZEN, Trunk

    trunk = Trunk()
    frozen = [p for p in trunk.parameters() if not p.requires_grad]
    assert len(frozen) == 2 + 4 * FROZEN
    assert any(p.requires_grad for p in trunk.parameters())


def test_another_network_is_refused():
    from visavis.lab.training.trunk import Trunk

    path = WeightShelf(load_settings().cache).ensure("centerface")
    with pytest.raises(WeightsCorrupt, match="not dlib's ResNet"):
        Trunk().load_embedder(path)
