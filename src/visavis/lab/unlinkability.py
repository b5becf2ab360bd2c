"""Unlinkability of protected templates: can two tenants find out that they know the same person?

After Gomez-Barrero, Galbally, Rathgeb and Busch (2018), "General framework to evaluate
unlinkability in biometric template protection systems". Scores are of comparisons of what two
tenants keep: of the same person (mated), and of different people (non-mated). Where mated scores
are more likely than non-mated ones they link, by D = 2·LR / (1 + LR) − 1 with LR the ratio of the
two densities.
"""

import numpy as np
from numpy.typing import NDArray

from visavis.core.errors import InvalidInput

LEAST = 1000
"""Fewer scores of a kind say nothing about their density."""


def linkability(
    mated: NDArray[np.float64], non_mated: NDArray[np.float64], bins: int = 50
) -> float:
    """Return D_sys, 0 = unlinkable to 1 = linked with certainty; both hypotheses equally likely.

    Args:
        mated: (m,) scores between what two tenants keep of the same person.
        non_mated: (n,) the same of different people.
        bins: Of the histograms that stand for the densities, between the lowest and highest score.

    Raises:
        InvalidInput: there are too few scores, or one is not finite.
    """
    if min(len(mated), len(non_mated)) < LEAST:
        raise InvalidInput(f"compare at least {LEAST} pairs of each kind")
    every = np.concatenate([mated, non_mated])
    if not np.isfinite(every).all():
        raise InvalidInput("a score is not finite")
    edges = np.histogram_bin_edges(every, bins)
    same, other = (np.histogram(each, edges)[0] / len(each) for each in (mated, non_mated))
    share = same / np.maximum(same + other, np.finfo(float).tiny)  # LR / (1 + LR)
    return float((same * np.maximum(2 * share - 1, 0)).sum())
