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


@pytest.mark.parametrize("grey", [False, True])
def test_what_is_folded_into_the_first_convolution_changes_nothing(grey):
    import torch

    from visavis.lab.training.nets import make_net
    from visavis.lab.training.recipes import RECIPES

    recipe = RECIPES["emotion"].model_copy(update={"grey": grey})
    net = make_net(recipe, embedder()).eval()
    drawn = np.random.default_rng(2).uniform(0, 255, (2, 3, 96, 96))
    pictures = torch.from_numpy(drawn.astype(np.float32))
    with torch.no_grad():
        plain, folded = net(pictures)[0], net.folded()(pictures)[0]
    assert float(plain.abs().max()) > 0.01
    assert torch.allclose(folded, plain, atol=1e-4)


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
