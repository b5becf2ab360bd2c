"""The loop in which the small embedder learns from the teacher's answers."""

import copy
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from visavis.core.types import Pixels
from visavis.lab.training.augment import Dice, augment, centred
from visavis.lab.training.lesson import Lesson
from visavis.lab.training.loop import LARGEST_GRADIENT, TOLD_EVERY, Told
from visavis.lab.training.pupil import Pupil, PupilRecipe, loss_of, turn_of, wanted
from visavis.lab.training.steps import follow, keep_state, peak_share, read_state
from visavis.vision.decoders.lite import SIZE
from visavis.vision.opencv import blend

Batch = tuple[Pixels, Tensor]
"""Pictures (n, 96, 96, 3) and what is to be said of them (n, d)."""

_AT_ONCE = 256


class Teaching:
    """One run of a recipe over a lesson; it goes on where an interrupted one stopped.

    Args:
        net: What learns.
        lesson: What it learns from; faces held out are left alone.
        recipe: How.
        checkpoint: File that holds the state after each epoch; it is removed by `finish`.

    Attributes:
        average: The network with its weights averaged over the steps: what is kept in the end.
        epoch: Epochs done.
        seconds: Time spent on them, also before an interruption.
    """

    def __init__(self, net: Pupil, lesson: Lesson, recipe: PupilRecipe, checkpoint: Path) -> None:
        self._net = net
        self.average = copy.deepcopy(net)
        self._lesson = lesson
        self._recipe = recipe
        self._checkpoint = checkpoint
        self._picked = np.flatnonzero(~lesson.held_out)
        self._goals, self._blended_goals = _goals(lesson, recipe.seed)
        groups = net.groups(recipe.rate, recipe.trunk_rate, recipe.decay)
        self._optimiser = torch.optim.AdamW(groups, lr=recipe.rate)
        self._step = 0
        self.seconds = 0.0
        self.epoch = self._resume()

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return max(1, len(self._picked) // self._recipe.batch) * self._recipe.epochs

    def run(self, tell: Callable[[Told], None], note: Callable[[str], None]) -> Pupil:
        """Learn to the end and return the network with the averaged weights, ready to use."""
        while self.epoch < self._recipe.epochs:
            started = time.monotonic()
            self._one_epoch(tell)
            self.epoch += 1
            self.seconds += time.monotonic() - started
            self._keep()
            note(f"epoch {self.epoch}: cosine to the teacher {self.agreement():.4f}, held out")
        self.average.eval()
        return self.average

    def finish(self) -> None:
        """Drop the checkpoint: the result is safe elsewhere."""
        self._checkpoint.unlink(missing_ok=True)

    @torch.no_grad()
    def agreement(self) -> float:
        """Return the mean cosine of what is said of held-out faces and what should be, −1..1."""
        self.average.eval()
        held = np.flatnonzero(self._lesson.held_out)
        parts = np.array_split(held, max(1, len(held) // _AT_ONCE)) if len(held) else []
        said = [self.average(_tensor(centred(self._lesson.pixels[p], SIZE))) for p in parts]
        if not said:
            return float("nan")
        unit = functional.normalize(torch.cat(said), dim=1)
        return float((unit * self._goals[torch.from_numpy(held)]).sum(1).mean())

    def _one_epoch(self, tell: Callable[[Told], None]) -> None:
        """Chance starts anew with each epoch, so that going on is the same as never stopping."""
        seed = self._recipe.seed * 1000 + self.epoch
        torch.manual_seed(seed)
        losses = []
        for batch in self._batches(np.random.default_rng(seed)):
            losses.append(self._one_step(*batch))
            if self._step % TOLD_EVERY == 0:
                mean = float(np.mean(losses[-TOLD_EVERY:]))
                tell(Told(self._step, self.steps, mean, peak_share(self._step, self.steps)))

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

    def _batch(self, chosen: NDArray[np.int64], dice: Dice) -> Batch:
        lesson, which = self._lesson, torch.from_numpy(chosen)
        crops, goals = np.array(lesson.pixels[chosen]), self._goals[which].clone()
        mixed = dice.random(len(chosen)) < self._recipe.blended
        for i in np.flatnonzero(mixed & ~lesson.held_out[lesson.other[chosen]]):
            face = chosen[i]
            other = lesson.pixels[lesson.other[face]]
            crops[i] = blend(crops[i], other, float(lesson.shares[face]))
            goals[i] = self._blended_goals[face]
        return augment(crops, SIZE, self._recipe.augmentation, dice), goals

    def _one_step(self, pictures: Pixels, goals: Tensor) -> float:
        for group in self._optimiser.param_groups:
            group["lr"] = group["peak"] * peak_share(self._step, self.steps)
        self._net.train()
        with torch.autocast("cpu", torch.bfloat16):
            said = self._net(_tensor(pictures))
        loss = loss_of(said.float(), goals, self._recipe.relation)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self._net.parameters(), LARGEST_GRADIENT)
        self._optimiser.step()
        self._step += 1
        follow(self.average, self._net, self._recipe.ema, self._step)
        return float(loss.detach())

    def _keep(self) -> None:
        state = {
            "epoch": self.epoch,
            "step": self._step,
            "seconds": self.seconds,
            "net": self._net.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }
        keep_state(self._checkpoint, state)

    def _resume(self) -> int:
        """Take over the checkpoint, if there is one; return the epoch to go on with."""
        state = read_state(self._checkpoint)
        if state is None:
            return 0
        self._net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._step, self.seconds = state["step"], state["seconds"]
        return int(state["epoch"])


def _goals(lesson: Lesson, seed: int) -> tuple[Tensor, Tensor]:
    """Return what is to be said of each face, and of each blend, (n, d)."""
    vectors = torch.from_numpy(lesson.vectors)
    centre = vectors[torch.from_numpy(~lesson.held_out)].mean(0)
    turn = turn_of(seed, vectors.shape[1])
    return wanted(vectors, centre, turn), wanted(torch.from_numpy(lesson.blended), centre, turn)


def _tensor(pictures: Pixels) -> Tensor:
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
