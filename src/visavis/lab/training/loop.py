"""Training of heads on crops that are labelled."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visavis.core.types import Pixels
from visavis.lab.training.augment import Dice, augment
from visavis.lab.training.crops import CropSet
from visavis.lab.training.epochs import Epochs, Told
from visavis.lab.training.losses import loss_of, soft_labels
from visavis.lab.training.nets import HeadsNet
from visavis.lab.training.recipes import Recipe
from visavis.lab.training.steps import shorter_numbers
from visavis.vision.opencv import blend

Batch = tuple[Pixels, list[Tensor]]
"""Pictures (n, size, size, 3) and the targets of each head."""

CHECKPOINT_FORMAT = 1
"""Grows when a checkpoint holds something else: older ones are then not found, not misread."""

WORTH_COMPILING = 1000
"""Steps from which compiling the trunk pays: it takes half a minute (measured a step: 0.56 s →
0.53 s on one machine, 0.49 s → 0.35 s on another). It needs a compiler."""


class Training(Epochs[HeadsNet, list[Tensor]]):
    """One run of a recipe over a set of crops.

    Args:
        net: What learns.
        crops: What it learns from; those held out are left alone.
        recipe: How.
        checkpoint: File that holds the state after each epoch.
    """

    def __init__(self, net: HeadsNet, crops: CropSet, recipe: Recipe, checkpoint: Path) -> None:
        self._crops, self._recipe = crops, recipe
        self._truth = [torch.from_numpy(crops.truth[head]) for head in recipe.heads]
        super().__init__(net, recipe, crops.held_out, checkpoint)

    def run(self, tell: Callable[[Told], None]) -> HeadsNet:
        """Train to the end and return the network with the averaged weights, ready to use."""
        if self.steps - self._step > WORTH_COMPILING and shutil.which("g++"):
            self.net.trunk.compile()
        return self.learn(tell, lambda: None)

    def _loss(self, images: Tensor, goals: list[Tensor]) -> Tensor:
        with shorter_numbers():
            logits = self.net(images)
        return loss_of(self._recipe.heads, logits, goals)

    def _batch(self, chosen: NDArray[np.int64], dice: Dice) -> Batch:
        recipe = self._recipe
        pictures = augment(self._crops.pixels[chosen], recipe.crop.size, recipe.augmentation, dice)
        which = torch.from_numpy(chosen)
        targets = [
            soft_labels(head, truth[which], recipe.smoothing, recipe.age_spread)
            for head, truth in zip(recipe.heads, self._truth, strict=True)
        ]
        return self._mixed(pictures, targets, dice)

    def _mixed(self, pictures: Pixels, targets: list[Tensor], dice: Dice) -> Batch:
        """Mix every second batch with itself in another order (mixup)."""
        parameter = self._recipe.augmentation.mixup
        if not parameter or dice.random() < 0.5:
            return pictures, targets
        share = dice.beta(parameter, parameter)
        other = dice.permutation(len(pictures))
        mixed = [share * part + (1 - share) * part[other] for part in targets]
        return blend(pictures, pictures[other], share), mixed
