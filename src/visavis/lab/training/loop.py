"""The training loop: epochs, averaged weights, a checkpoint to go on from."""

import copy
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from visavis.core.types import Pixels
from visavis.lab.training.augment import Dice, augment
from visavis.lab.training.crops import CropSet
from visavis.lab.training.losses import loss_of, soft_labels
from visavis.lab.training.nets import HeadsNet
from visavis.lab.training.recipes import Recipe
from visavis.lab.training.steps import follow, keep_state, peak_share, read_state
from visavis.vision.opencv import blend

Batch = tuple[Pixels, list[Tensor]]
"""Pictures (n, size, size, 3) and the targets of each head."""

CHECKPOINT_FORMAT = 1
"""Grows when a checkpoint holds something else: older ones are then not found, not misread."""

WORTH_COMPILING = 1000
"""Steps from which compiling the trunk pays: it takes half a minute (measured a step: 0.56 s →
0.53 s on one machine, 0.49 s → 0.35 s on another). It needs a compiler."""

LARGEST_GRADIENT = 5.0
TOLD_EVERY = 20


@dataclass(frozen=True, slots=True)
class Told:
    """How far a run is.

    Attributes:
        step: Steps done.
        steps: Steps in all.
        loss: Mean loss of the last few steps.
        rate: Present share of the peak learning rates, 0..1.
    """

    step: int
    steps: int
    loss: float
    rate: float


class Training:
    """One run of a recipe over a set of crops.

    Chance starts anew with each epoch from the recipe's seed, so that a run that goes on from a
    checkpoint sees what an uninterrupted one would have seen.

    Args:
        net: What learns.
        crops: What it learns from; those held out are left alone.
        recipe: How.
        checkpoint: File that holds the state after each epoch; it is removed by `finish`.

    Attributes:
        net: What learns.
        average: Its weights averaged over the steps, which is what is kept in the end.
        epoch: Epochs done.
        seconds: Time spent on them, also before an interruption.
    """

    def __init__(self, net: HeadsNet, crops: CropSet, recipe: Recipe, checkpoint: Path) -> None:
        self.net = net
        self.average = copy.deepcopy(net)
        self._crops = crops
        self._recipe = recipe
        self._checkpoint = checkpoint
        self._picked = np.flatnonzero(~crops.held_out)
        self._truth = [torch.from_numpy(crops.truth[head]) for head in recipe.heads]
        groups = net.groups(recipe.rate, recipe.trunk_rate, recipe.decay)
        self._optimiser = torch.optim.AdamW(groups, lr=recipe.rate)
        self._step = 0
        self.seconds = 0.0
        self.epoch = self._resume()

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return max(1, len(self._picked) // self._recipe.batch) * self._recipe.epochs

    def run(self, tell: Callable[[Told], None]) -> HeadsNet:
        """Train to the end and return the network with the averaged weights, ready to use."""
        if self.steps - self._step > WORTH_COMPILING and shutil.which("g++"):
            self.net.trunk.compile()
        while self.epoch < self._recipe.epochs:
            started = time.monotonic()
            self._one_epoch(tell)
            self.epoch += 1
            self.seconds += time.monotonic() - started
            self._keep()
        self.average.eval()
        return self.average

    def finish(self) -> None:
        """Drop the checkpoint: the result is safe elsewhere."""
        self._checkpoint.unlink(missing_ok=True)

    def _one_epoch(self, tell: Callable[[Told], None]) -> None:
        seed = self._recipe.seed * 1000 + self.epoch
        torch.manual_seed(seed)
        dice = np.random.default_rng(seed)
        losses = []
        for batch in self._batches(dice):
            losses.append(self._one_step(*batch))
            if self._step % TOLD_EVERY == 0:
                mean = float(np.mean(losses[-TOLD_EVERY:]))
                tell(Told(self._step, self.steps, mean, self._share()))

    def _batches(self, dice: Dice) -> Iterator[Batch]:
        """Yield the batches of an epoch; the next is made while the network learns from this."""
        order = dice.permutation(self._picked)
        count = max(1, len(order) // self._recipe.batch)
        chosen = np.array_split(order[: count * self._recipe.batch], count)
        with ThreadPoolExecutor(1) as ahead:
            coming = ahead.submit(self._batch, np.sort(chosen[0]), dice)
            for following in chosen[1:]:
                batch = coming.result()
                coming = ahead.submit(self._batch, np.sort(following), dice)
                yield batch
            yield coming.result()

    def _one_step(self, pictures: Pixels, targets: Sequence[Tensor]) -> float:
        images = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
        for group in self._optimiser.param_groups:
            group["lr"] = group["peak"] * self._share()
        self.net.train()
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.net(images)
        loss = loss_of(self._recipe.heads, logits, targets)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), LARGEST_GRADIENT)
        self._optimiser.step()
        self._step += 1
        follow(self.average, self.net, self._recipe.ema, self._step)
        return float(loss.detach())

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

    def _share(self) -> float:
        return peak_share(self._step, self.steps)

    def _keep(self) -> None:
        state = {
            "epoch": self.epoch,
            "step": self._step,
            "seconds": self.seconds,
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }
        keep_state(self._checkpoint, state)

    def _resume(self) -> int:
        """Take over the checkpoint, if there is one; return the epoch to go on with.

        One that cannot be read, as after a loss of power, means to start over.
        """
        state = read_state(self._checkpoint)
        if state is None:
            return 0
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._step, self.seconds = state["step"], state["seconds"]
        return int(state["epoch"])
