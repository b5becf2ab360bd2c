"""Answers: what the head files say about faces seen closely; calibrated probabilities come back."""

from collections.abc import Mapping, Sequence

import numpy as np

from visavis.core.attributes import CLASSES, Head
from visavis.core.types import Answers, Floats, Pixels
from visavis.vision.decoders.dlib_resnet import chip_matrices
from visavis.vision.heads.card import CropSpec
from visavis.vision.heads.shelf import HeadNet
from visavis.vision.stages.closeups import Closeups
from visavis.vision.warp import cut

Asked = Sequence[tuple[HeadNet, Sequence[Head]]]
"""Head files, and what each is asked for."""


def answers_of(closeups: Closeups, asked: Asked) -> dict[Head, Floats]:
    """Return what each head says about the faces, (n, classes) float32."""
    said: dict[Head, Floats] = {}
    for net, heads in asked:
        outputs = net.engine.run(crops_of(closeups, net.card.crop))
        said |= {head: outputs[net.outputs[head]] for head in heads}
    return said


def crops_of(closeups: Closeups, spec: CropSpec) -> Pixels:
    """Return the upright crops (n, size, size, 3) uint8 RGB that a head file wants to see.

    Most are the middle of the closeups; only a file that wants more room or finer pixels has faces
    cut out of their pictures once more.
    """
    middle = closeups.middle(spec.size, spec.padding)
    if middle is not None:
        return middle
    crops = np.zeros((len(closeups), spec.size, spec.size, 3), np.uint8)
    matrices = chip_matrices(closeups.faces, spec.size, spec.padding)
    for i in np.flatnonzero(np.isfinite(closeups.width_px)).tolist():
        crops[i] = cut(closeups.sources[i], matrices[i], spec.size)
    return crops


def joined(parts: Sequence[Mapping[Head, Floats]], asked: Asked) -> dict[Head, Answers]:
    """Return the answers about all faces, batch after batch."""
    return {
        head: Answers(
            np.concatenate(
                [np.zeros((0, len(CLASSES[head])), np.float32), *(part[head] for part in parts)]
            ),
            net.card.version,
            net.card.heads[head].unknown_below,
        )
        for net, heads in asked
        for head in heads
    }
