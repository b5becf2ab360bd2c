"""The loop in which the small embedder learns from the teacher's answers."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from visavis.core.types import Pixels
from visavis.lab.training.augment import Dice, augment, centred
from visavis.lab.training.epochs import Epochs, Told, as_images
from visavis.lab.training.lesson import Lesson
from visavis.lab.training.pupil import Pupil, PupilRecipe, loss_of, turn_of, wanted
from visavis.lab.training.steps import shorter_numbers
from visavis.vision.decoders.lite import SIZE
from visavis.vision.opencv import blend

Batch = tuple[Pixels, Tensor]
"""Pictures (n, 96, 96, 3) and what is to be said of them (n, d)."""

_AT_ONCE = 256


class Teaching(Epochs[Pupil, Tensor]):
    """One run of a recipe over a lesson; it goes on where an interrupted one stopped.

    Args:
        net: What learns.
        lesson: What it learns from; faces held out are left alone.
        recipe: How.
        checkpoint: File that holds the state after each epoch.
    """

    def __init__(self, net: Pupil, lesson: Lesson, recipe: PupilRecipe, checkpoint: Path) -> None:
        self._lesson, self._recipe = lesson, recipe
        self._goals, self._blended_goals = _goals(lesson, recipe.seed)
        super().__init__(net, recipe, lesson.held_out, checkpoint)

    def run(self, tell: Callable[[Told], None], note: Callable[[str], None]) -> Pupil:
        """Learn to the end and return the network with the averaged weights, ready to use."""

        def say() -> None:
            agreed = self.agreement()
            note(f"epoch {self.epoch}: cosine to the teacher {agreed:.4f}, held out")

        return self.learn(tell, say)

    @torch.no_grad()
    def agreement(self) -> float:
        """Return the mean cosine of what is said of held-out faces and what should be, −1..1."""
        self.average.eval()
        held = np.flatnonzero(self._lesson.held_out)
        parts = np.array_split(held, max(1, len(held) // _AT_ONCE)) if len(held) else []
        said = [self.average(as_images(centred(self._lesson.pixels[p], SIZE))) for p in parts]
        if not said:
            return float("nan")
        unit = functional.normalize(torch.cat(said), dim=1)
        return float((unit * self._goals[torch.from_numpy(held)]).sum(1).mean())

    def _loss(self, images: Tensor, goals: Tensor) -> Tensor:
        with shorter_numbers():
            said = self.net(images)
        return loss_of(said.float(), goals, self._recipe.relation)

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


def _goals(lesson: Lesson, seed: int) -> tuple[Tensor, Tensor]:
    """Return what is to be said of each face, and of each blend, (n, d)."""
    vectors = torch.from_numpy(lesson.vectors)
    centre = vectors[torch.from_numpy(~lesson.held_out)].mean(0)
    turn = turn_of(seed, vectors.shape[1])
    return wanted(vectors, centre, turn), wanted(torch.from_numpy(lesson.blended), centre, turn)
