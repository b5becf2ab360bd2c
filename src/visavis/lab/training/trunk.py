"""The trunk of a head: dlib's ResNet, rebuilt in PyTorch from the embedder's own ONNX file.

A network that has learned to tell millions of faces apart sees age, gender and origin better than
one that starts from nothing. Its geometry is kept to the pixel (unpadded strides, shorter branch
padded): with the same weights but padded strides a probe on the pooled features lost 5 to 8 points
(gender 0.868 → 0.851, race 0.588 → 0.532 on held-out FairFace).
"""

from collections.abc import Iterator
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from visavis.core.errors import WeightsCorrupt

_PLAN = (
    *[(32, 32, False)] * 3,
    (32, 64, True),
    *[(64, 64, False)] * 3,
    (64, 128, True),
    *[(128, 128, False)] * 2,
    (128, 256, True),
    *[(256, 256, False)] * 2,
    (256, 256, True),
)
"""Channels in and out of each residual block, and whether it halves the picture."""

POOLED_FROM = 6
"""The first block whose features are pooled: the earlier ones see edges, not faces."""

FROZEN = 3
"""Blocks that keep the embedder's weights, with the stem: edges are edges, and learning them anew
would take half of the time."""

_MEAN = (122.782, 117.001, 104.298)
_SCALE = 256.0
"""dlib's `input_rgb_image_sized`: RGB means, then one scale."""


class Block(nn.Module):
    """Two 3×3 convolutions beside a shortcut; a halving block averages the shortcut 2×2.

    The average is written as a convolution that also adds the new channels, as zeros: one integer
    operation in the head file, where averaging, padding and reordering would be four.
    """

    halving: Tensor

    def __init__(self, inputs: int, outputs: int, *, halves: bool) -> None:
        super().__init__()
        self.halves = halves
        self.first = nn.Conv2d(inputs, outputs, 3, 2 if halves else 1, 0 if halves else 1)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1)
        if halves:
            mean = torch.eye(outputs, inputs)[:, :, None, None].expand(-1, -1, 2, 2) / 4
            self.register_buffer("halving", mean.contiguous(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, inputs, h, w) to (n, outputs, h', w')."""
        branch = self.second(self.first(x).relu_())
        if not self.halves:
            return branch.add_(x).relu_()
        shortcut = functional.conv2d(x, self.halving.to(x.dtype), stride=2)
        sides = [max(int(a), int(b)) for a, b in zip(shortcut.shape, branch.shape, strict=True)][2:]
        return (_grown(shortcut, sides) + _grown(branch, sides)).relu_()


def _grown(x: Tensor, sides: list[int]) -> Tensor:
    """Pad with zeros at the right and at the bottom."""
    right, bottom = sides[1] - int(x.shape[3]), sides[0] - int(x.shape[2])
    return functional.pad(x, (0, right, 0, bottom)) if right or bottom else x


class Trunk(nn.Module):
    """Pictures to the pooled features of the later blocks.

    Args:
        blocks: How many of the 14 blocks. All of them need pictures of 119 px, 13 of 55 px.

    Attributes:
        features: How many numbers come out.
        folded: Whether the stem takes pixels as they are, see `fold`.
    """

    mean: Tensor

    def __init__(self, blocks: int = len(_PLAN)) -> None:
        super().__init__()
        plan = _PLAN[:blocks]
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1), persistent=False)
        self.folded = False
        self.stem = nn.Conv2d(3, 32, 7, 2)
        self.blocks = nn.ModuleList(Block(i, o, halves=halves) for i, o, halves in plan)
        self.features = sum(outputs for _, outputs, _ in plan[POOLED_FROM:])
        for layer in (self.stem, *self.blocks[:FROZEN]):
            layer.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """Map RGB pictures (n, 3, h, w), 0..255, to (n, features)."""
        with torch.no_grad():
            if not self.folded:
                x = (x - self.mean) / _SCALE
            x = functional.max_pool2d(self.stem(x).relu_(), 3, 2)
            for block in self.blocks[:FROZEN]:
                x = block(x)
        for block in self.blocks[FROZEN:POOLED_FROM]:
            x = block(x)
        pooled = []
        for block in self.blocks[POOLED_FROM:]:
            x = block(x)
            pooled.append(x.mean((2, 3)))
        return torch.cat(pooled, 1)

    def last_map(self, x: Tensor) -> Tensor:
        """Map RGB pictures (n, 3, h, w), 0..255, to the last block's (n, channels, h', w')."""
        if not self.folded:
            x = (x - self.mean) / _SCALE
        x = functional.max_pool2d(self.stem(x).relu_(), 3, 2)
        for block in self.blocks:
            x = block(x)
        return x

    @torch.no_grad()
    def fold(self, mixing: Tensor) -> None:
        """Move what is done to pixels into the first convolution, which has no padding.

        Args:
            mixing: (3, 3), the colours that the stem sees of the colours that come.
        """
        weight = self.stem.weight / _SCALE
        assert self.stem.bias is not None  # noqa: S101  # made with one above
        self.stem.bias -= (weight * self.mean).sum((1, 2, 3))
        self.stem.weight.copy_(torch.einsum("okhw,kc->ochw", weight, mixing))
        self.folded = True

    def load_embedder(self, path: Path) -> None:
        """Take over the convolutions of the embedder's ONNX file.

        Raises:
            WeightsCorrupt: it holds another network.
        """
        convolutions = [layer for layer in self.modules() if isinstance(layer, nn.Conv2d)]
        found = list(_convolutions(path))[: len(convolutions)]
        if [weight.shape for weight, _ in found] != [c.weight.shape for c in convolutions]:
            raise WeightsCorrupt(f"{path.name} is not dlib's ResNet; pull the default pack anew")
        with torch.no_grad():
            for layer, (weight, bias) in zip(convolutions, found, strict=True):
                layer.weight.copy_(weight)
                assert layer.bias is not None  # noqa: S101  # made with one above
                layer.bias.copy_(bias)


def _convolutions(path: Path) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield weight and bias of each convolution in the order they run."""
    graph = onnx.load(str(path)).graph
    held = {entry.name: entry for entry in graph.initializer}
    for node in graph.node:
        if node.op_type == "Conv":
            weight, bias = (numpy_helper.to_array(held[name]).copy() for name in node.input[1:3])
            yield torch.from_numpy(weight), torch.from_numpy(bias)
