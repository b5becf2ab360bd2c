"""The networks behind the heads: a shared trunk and one small layer of logits a head."""

import copy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from visavis.core.attributes import CLASSES
from visavis.lab.training.recipes import Recipe
from visavis.lab.training.trunk import Trunk

_LUMA = (0.299, 0.587, 0.114)
"""Brightness of red, green and blue (ITU-R BT.601)."""


class HeadsNet(nn.Module):
    """Pictures to logits: the trunk, a hidden layer, then all heads side by side.

    Args:
        recipe: Which heads it answers, and its shape.
    """

    luma: Tensor

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.heads = recipe.heads
        self.grey = recipe.grey
        self.register_buffer("luma", torch.tensor(_LUMA).view(1, 3, 1, 1), persistent=False)
        self.sizes = [len(CLASSES[head]) for head in self.heads]
        self.trunk = Trunk(recipe.blocks)
        self.norm = nn.BatchNorm1d(self.trunk.features)
        self.hidden = nn.Linear(self.trunk.features, recipe.hidden)
        self.logits = nn.Linear(recipe.hidden, sum(self.sizes))
        self.dropout = recipe.dropout

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Map RGB pictures (n, 3, h, w), 0..255, to one (n, classes) of logits a head."""
        if self.grey:
            x = (x * self.luma).sum(1, keepdim=True).expand(-1, 3, -1, -1)
        features = functional.dropout(self.norm(self.trunk(x)), self.dropout, self.training)
        hidden = functional.dropout(
            functional.relu(self.hidden(features)), self.dropout, self.training
        )
        return self.logits(hidden).float().split(self.sizes, 1)

    def folded(self) -> "HeadsNet":
        """Return a copy for serving: its first convolution takes pixels as they come."""
        served = copy.deepcopy(self).eval().float()
        mixing = self.luma.view(1, 3).expand(3, 3) if self.grey else torch.eye(3)
        served.trunk.fold(mixing)
        served.grey = False
        return served

    def groups(self, rate: float, trunk_rate: float, decay: float) -> list[dict[str, Any]]:
        """Return the optimiser's groups: the trunk learns slowly, biases do not decay."""
        trunk = {id(p) for p in self.trunk.parameters()}
        kept = [p for p in self.parameters() if id(p) not in trunk]
        return [
            {
                "params": [p for p in self.trunk.parameters() if p.requires_grad],
                "peak": trunk_rate,
                "weight_decay": decay,
            },
            {"params": kept, "peak": rate, "weight_decay": decay},
        ]


def make_net(recipe: Recipe, embedder: Path) -> HeadsNet:
    """Return the untrained network of a recipe, its trunk taken from the embedder."""
    torch.manual_seed(recipe.seed)
    net = HeadsNet(recipe)
    net.trunk.load_embedder(embedder)
    return net.to(memory_format=torch.channels_last)
