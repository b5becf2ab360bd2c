"""What both kinds of training share: epochs, averaged weights, a checkpoint to go on from.

Chance starts anew with each epoch from the recipe's seed, so that a run that goes on from a
checkpoint sees what an uninterrupted one would have seen.
"""

import copy
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from visavis.core.types import Pixels
from visavis.lab.training.augment import Dice
from visavis.lab.training.steps import follow, keep_state, peak_share, read_state

LARGEST_GRADIENT = 5.0
TOLD_EVERY = 20

_Net = TypeVar("_Net", bound=nn.Module)
_Goals = TypeVar("_Goals")


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


class Pace(Protocol):
    """What a recipe says of how long and how fast is learned."""

    @property
    def rate(self) -> float:
        """Peak learning rate of what is new."""

    @property
    def trunk_rate(self) -> float:
        """Peak learning rate of what was learned before."""

    @property
    def decay(self) -> float:
        """Weight decay."""

    @property
    def epochs(self) -> int:
        """How often every picture is seen."""

    @property
    def batch(self) -> int:
        """Pictures in one step."""

    @property
    def seed(self) -> int:
        """Where chance begins."""

    @property
    def ema(self) -> float:
        """Share of the averaged weights that stays at each step."""


class Epochs(ABC, Generic[_Net, _Goals]):
    """One run; who inherits says what a batch is and what is wrong with an answer.

    Args:
        net: What learns.
        pace: Of the recipe.
        held_out: (n,) which pictures are left alone.
        checkpoint: File that holds the state after each epoch; it is removed by `finish`.

    Attributes:
        net: What learns.
        average: Its weights averaged over the steps, which is what is kept in the end.
        epoch: Epochs done.
        seconds: Time spent on them, also before an interruption.
    """

    def __init__(
        self, net: _Net, pace: Pace, held_out: NDArray[np.bool_], checkpoint: Path
    ) -> None:
        self.net, self.average = net, copy.deepcopy(net)
        self._pace, self._checkpoint = pace, checkpoint
        self._picked = np.flatnonzero(~held_out)
        groups = cast("Any", net).groups(pace.rate, pace.trunk_rate, pace.decay)
        self._optimiser = torch.optim.AdamW(groups, lr=pace.rate)
        self._step = 0
        self.seconds = 0.0
        self.epoch = self._resume()

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return max(1, len(self._picked) // self._pace.batch) * self._pace.epochs

    def finish(self) -> None:
        """Drop the checkpoint: the result is safe elsewhere."""
        self._checkpoint.unlink(missing_ok=True)

    def learn(self, tell: Callable[[Told], None], after_each: Callable[[], None]) -> _Net:
        """Learn to the end and return the network with the averaged weights, ready to use."""
        while self.epoch < self._pace.epochs:
            started = time.monotonic()
            self._one_epoch(tell)
            self.epoch += 1
            self.seconds += time.monotonic() - started
            self._keep()
            after_each()
        self.average.eval()
        return self.average

    @abstractmethod
    def _batch(self, chosen: NDArray[np.int64], dice: Dice) -> tuple[Pixels, _Goals]:
        """Return pictures (n, side, side, 3) and what is to be said of them."""

    @abstractmethod
    def _loss(self, images: Tensor, goals: _Goals) -> Tensor:
        """Return how wrong the network is about images (n, 3, side, side) float, 0..255."""

    def _one_epoch(self, tell: Callable[[Told], None]) -> None:
        seed = self._pace.seed * 1000 + self.epoch
        torch.manual_seed(seed)
        losses = []
        for batch in self._batches(np.random.default_rng(seed)):
            losses.append(self._one_step(*batch))
            if self._step % TOLD_EVERY == 0:
                mean = float(np.mean(losses[-TOLD_EVERY:]))
                tell(Told(self._step, self.steps, mean, self._share()))

    def _batches(self, dice: Dice) -> Iterator[tuple[Pixels, _Goals]]:
        """Yield the batches of an epoch; the next is made while the network learns from this."""
        order = dice.permutation(self._picked)
        count = max(1, len(order) // self._pace.batch)
        chosen = np.array_split(order[: count * self._pace.batch], count)
        with ThreadPoolExecutor(1) as ahead:
            coming = ahead.submit(self._batch, np.sort(chosen[0]), dice)
            for following in chosen[1:]:
                batch = coming.result()
                coming = ahead.submit(self._batch, np.sort(following), dice)
                yield batch
            yield coming.result()

    def _one_step(self, pictures: Pixels, goals: _Goals) -> float:
        for group in self._optimiser.param_groups:
            group["lr"] = group["peak"] * self._share()
        self.net.train()
        loss = self._loss(as_images(pictures), goals)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), LARGEST_GRADIENT)
        self._optimiser.step()
        self._step += 1
        follow(self.average, self.net, self._pace.ema, self._step)
        return float(loss.detach())

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
        """Take over the checkpoint, if there is one; return the epoch to go on with."""
        state = read_state(self._checkpoint)
        if state is None:
            return 0
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._step, self.seconds = state["step"], state["seconds"]
        return int(state["epoch"])


def as_images(pictures: Pixels) -> Tensor:
    """Return pictures (n, side, side, 3) as a network takes them, (n, 3, side, side) float."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
