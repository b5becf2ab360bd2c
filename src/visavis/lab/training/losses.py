"""What the network is told to say: soft labels, and how far it is from them."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from visavis.core.attributes import CLASSES, Head
from visavis.lab.training.crops import NO_LABEL
from visavis.vision.heads.age import AGE_CENTRES

YEARS_WEIGHT = 0.02
"""Weight of one year of error beside the cross entropy: keeps the mean age right, not only the
bin."""


def soft_labels(head: Head, truth: Tensor, smoothing: float, age_spread: float) -> Tensor:
    """Return (n, classes) targets, rows sum to 1; rows of zeros where there is no label.

    A label of age spreads over its neighbours (label distribution learning; Geng et al., 2013):
    annotators disagree about the bin far more often than about being one bin apart.

    Args:
        head: Which one.
        truth: (n,) int64 classes, or `NO_LABEL`.
        smoothing: Share of certainty spread evenly over all classes.
        age_spread: Years over which the weight of a neighbouring age falls by e.
    """
    known = truth != NO_LABEL
    sure = _tables(head, smoothing, age_spread)[truth.clamp(min=0)]
    return sure * known[:, None]


def _tables(head: Head, smoothing: float, age_spread: float) -> Tensor:
    """Return (classes, classes): the target for each true class."""
    n = len(CLASSES[head])
    if head is not Head.AGE:
        return torch.eye(n) * (1 - smoothing) + smoothing / n
    centres = torch.tensor(AGE_CENTRES)
    return torch.softmax(-(centres[:, None] - centres).abs() / age_spread, 1)


def loss_of(heads: Sequence[Head], logits: Sequence[Tensor], targets: Sequence[Tensor]) -> Tensor:
    """Return the mean loss of a batch, all heads together; a face without a label costs nothing."""
    parts = [_head_loss(*each) for each in zip(heads, logits, targets, strict=True)]
    return torch.stack(parts).sum()


def _head_loss(head: Head, logits: Tensor, target: Tensor) -> Tensor:
    known = target.sum(1)
    cost = -(target * functional.log_softmax(logits, 1)).sum(1)
    if head is Head.AGE:
        centres = torch.tensor(AGE_CENTRES)
        cost = cost + YEARS_WEIGHT * known * ((logits.softmax(1) - target) @ centres).abs()
    return cost.sum() / known.sum().clamp(min=1)
