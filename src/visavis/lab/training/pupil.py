"""The small embedder: the front of dlib's ResNet, and one layer that reads its last map.

It starts from the teacher's first nine blocks, which are a tenth of its numbers, and sees the face
on 41 % of the pixels. A fixed turn of the teacher's coordinates, drawn once, is what it learns:
its vectors are as alike as the teacher's, and yet say nothing beside the teacher's own.
"""

import copy
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional

from visavis.lab.training.recipes import Augmentation
from visavis.lab.training.trunk import Trunk

DIMENSIONS = 128
_BLOCKS = 9
_CHANNELS = 128
_SQUEEZED = 64
_MAP = 5
"""Side of the last map of a 96 px chip."""


class PupilRecipe(BaseModel):
    """How the small embedder is made.

    Attributes:
        name: First part of the run's name.
        epochs: Times that every face is seen.
        batch: Faces a step.
        rate: Peak learning rate of the new layers.
        trunk_rate: Peak learning rate of what came from the teacher.
        decay: Weight decay (AdamW).
        ema: Memory of the averaged weights, a step.
        relation: Weight of how alike any two faces are, beside what each one is.
        blended: Share of faces that are seen blended with another one.
        seed: Where chance starts, and which turn is learned.
        augmentation: How pictures are changed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = "lite"
    epochs: int = Field(10, ge=1)
    batch: int = Field(128, ge=2)
    rate: float = 1.5e-3
    trunk_rate: float = 6e-4
    decay: float = 0.05
    ema: float = 0.998
    relation: float = 10.0
    blended: float = 0.5
    seed: int = 20261121
    augmentation: Augmentation = Augmentation(
        turn_degrees=6, zoom=0.06, shift=0.05, brightness=20, cover=0.15, blur=0.2
    )


class Pupil(nn.Module):
    """Chips to vectors, not of unit length."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = Trunk(_BLOCKS)
        self.trunk.requires_grad_(requires_grad=True)
        self.squeeze = nn.Conv2d(_CHANNELS, _SQUEEZED, 1, bias=False)
        self.norm = nn.BatchNorm2d(_SQUEEZED)
        self.read = nn.Linear(_SQUEEZED * _MAP * _MAP, DIMENSIONS)

    def forward(self, x: Tensor) -> Tensor:
        """Map RGB chips (n, 3, 96, 96), 0..255, to (n, 128)."""
        seen = self.norm(self.squeeze(self.trunk.last_map(x))).relu()
        return self.read(seen.flatten(1))

    def folded(self) -> "Pupil":
        """Return a copy for serving: its first convolution takes pixels as they come."""
        served = copy.deepcopy(self).eval().float()
        served.trunk.fold(torch.eye(3))
        return served

    def groups(self, rate: float, trunk_rate: float, decay: float) -> list[dict[str, Any]]:
        """Return the optimiser's groups: what came from the teacher learns slowly."""
        trunk = list(self.trunk.parameters())
        known = {id(p) for p in trunk}
        new = [p for p in self.parameters() if id(p) not in known]
        return [
            {"params": trunk, "peak": trunk_rate, "weight_decay": decay},
            {"params": new, "peak": rate, "weight_decay": decay},
        ]


def make_pupil(teacher: Path, seed: int) -> Pupil:
    """Return the untrained network, its front taken from the teacher's ONNX file.

    Raises:
        WeightsCorrupt: the file holds another network than dlib's.
    """
    torch.manual_seed(seed)
    net = Pupil()
    net.trunk.load_embedder(teacher)
    return net.to(memory_format=torch.channels_last)


def turn_of(seed: int, dimensions: int) -> Tensor:
    """Return the (d, d) turn that a seed stands for: orthogonal, evenly drawn."""
    drawn = torch.randn(
        dimensions, dimensions, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )
    upper, lower = torch.linalg.qr(drawn)
    return (upper * lower.diagonal().sign()).float()


def wanted(vectors: Tensor, centre: Tensor, turn: Tensor) -> Tensor:
    """Return what the pupil is to say, (n, d) of unit length, where the teacher says `vectors`.

    The teacher's vectors all lean one way; without that they use the whole sphere.
    """
    return functional.normalize((vectors - centre) @ turn, dim=1)


def loss_of(said: Tensor, goal: Tensor, relation: float) -> Tensor:
    """Return how far vectors (n, d) are from what they should be (n, d) of unit length.

    Args:
        said: By the pupil, of any length.
        goal: See `wanted`.
        relation: Weight of the squared error of how alike each two of the batch are.
    """
    unit = functional.normalize(said, dim=1)
    off = (unit * goal).sum(1)
    alike = (unit @ unit.T - goal @ goal.T).square()
    pairs = max(1, len(said) * (len(said) - 1))
    return (1 - off).mean() + relation * (alike.sum() - alike.diagonal().sum()) / pairs
