"""Recipes: everything that decides how a head file is trained, kept with the file."""

from collections.abc import Collection
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, Field

from visavis.core.attributes import Head
from visavis.vision.heads.card import CropSpec


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Augmentation(_Part):
    """How far training pictures are changed.

    Attributes:
        turn_degrees: Largest turn either way.
        zoom: Largest change of scale, as a natural logarithm.
        shift: Largest shift, in halves of the picture.
        contrast: Largest change of contrast, a share.
        brightness: Largest change of brightness, of 255.
        colour: Largest change of colourfulness, a share.
        grey: Share of pictures without colour.
        cover: Share of pictures of which a rectangle is covered.
        blur: Share of pictures that are made coarser, as those of distant faces are.
        mixup: Parameter of the Beta distribution that half of the batches are mixed by (Zhang et
            al., 2018); 0 = never.
    """

    turn_degrees: float = 10
    zoom: float = 0.1
    shift: float = 0.06
    contrast: float = 0.25
    brightness: float = 25
    colour: float = 0.4
    grey: float = 0.1
    cover: float = 0.2
    blur: float = 0.0
    mixup: float = 0.0


class Recipe(_Part):
    """How one head file is made.

    Attributes:
        name: First part of the file's version.
        heads: What it answers.
        crop: What it sees.
        blocks: Depth of the trunk, see there.
        grey: Whether it sees brightness only: where the training pictures are grey, colour would
            be something it has never seen.
        hidden: Width of the hidden layer.
        dropout: Share dropped before and after it.
        epochs: Times that every picture is seen.
        batch: Pictures a step.
        rate: Peak learning rate of the new layers.
        trunk_rate: Peak learning rate of the trunk.
        decay: Weight decay (AdamW).
        smoothing: Share of certainty taken from each label.
        age_spread: Neighbouring ages share a label: weights fall by e every so many years.
        ema: Memory of the averaged weights, a step.
        seed: Where chance starts.
        augmentation: How pictures are changed.
    """

    name: str
    heads: tuple[Head, ...]
    crop: CropSpec
    blocks: int = Field(14, ge=7, le=14)
    grey: bool = False
    hidden: int = 256
    dropout: float = 0.4
    epochs: int = Field(20, ge=1)
    batch: int = Field(128, ge=2)
    rate: float = 1.2e-3
    trunk_rate: float = 3e-4
    decay: float = 0.05
    smoothing: float = 0.06
    age_spread: float = 4.0
    ema: float = 0.998
    seed: int = 20261121
    augmentation: Augmentation = Augmentation()


RECIPES = MappingProxyType(
    {
        "portrait": Recipe(
            name="portrait",
            heads=(Head.AGE, Head.GENDER, Head.RACE),
            crop=CropSpec(size=150, padding=0.25),
            epochs=24,
            trunk_rate=5e-4,
        ),
        "emotion": Recipe(
            name="emotion",
            heads=(Head.EMOTION,),
            crop=CropSpec(size=96, padding=0.25),
            blocks=13,
            epochs=26,
            trunk_rate=6e-4,
            dropout=0.3,
            grey=True,
            smoothing=0.1,
            augmentation=Augmentation(
                turn_degrees=15,
                zoom=0.15,
                shift=0.1,
                contrast=0.4,
                brightness=40,
                colour=0,
                grey=0,
                cover=0.4,
                mixup=0.2,
            ),
        ),
    }
)
"""One file answers all heads that are learned from the same pictures: it sees them once."""


def recipes_for(heads: Collection[Head]) -> list[Recipe]:
    """Return the recipes that teach `heads`, each cut down to those of its heads."""
    fitting = {name: [h for h in recipe.heads if h in heads] for name, recipe in RECIPES.items()}
    return [
        RECIPES[name].model_copy(update={"heads": tuple(wanted)})
        for name, wanted in fitting.items()
        if wanted
    ]
