"""How often a head is right, and how sure that is; over all faces and over groups of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visavis.core.attributes import CLASSES, Head
from visavis.core.types import Floats
from visavis.lab.calibration import ece, ece_by_chance
from visavis.lab.intervals import bootstrap, wilson
from visavis.vision.heads.age import AGE_CENTRES, expected_age

ENOUGH = 50
"""A group of fewer faces says too little to be called best or worst."""

TRIPLE = (Head.AGE, Head.GENDER, Head.RACE)
"""Heads whose classes are also looked at together."""

Truth = NDArray[np.int64]
Mask = NDArray[np.bool_]


def measure(head: Head, probabilities: Floats, truth: Truth) -> dict[str, Any]:
    """Return the figures of one head; proportions are 0..1.

    Args:
        head: Which.
        probabilities: (n, classes) float32, calibrated; n at least 1.
        truth: (n,) int64, class index.

    Returns:
        `faces`, `ece`, `ece_by_chance` (what honest probabilities would show), `intervals` (95 %:
        Wilson's for shares, bootstrap of faces for years), and `accuracy`, or for the age
        `bin_accuracy`, `within_one_bin`, `mae_years` (of the expected age) and `mae_of_bin` (of the
        centre of the likeliest bin), both against the centre of the true bin.
    """
    off = np.abs(probabilities.argmax(axis=1) - truth)
    facts: dict[str, Any] = {"faces": len(truth)}
    facts["ece"] = ece(probabilities, truth)
    facts["ece_by_chance"] = ece_by_chance(probabilities)
    if head is not Head.AGE:
        accuracy, ends = _share(off == 0)
        return facts | {"accuracy": accuracy, "intervals": {"accuracy": ends}}
    shares = {"bin_accuracy": _share(off == 0), "within_one_bin": _share(off <= 1)}
    found = shares | _years_off(probabilities, truth)
    facts |= {name: figure for name, (figure, _) in found.items()}
    return facts | {"intervals": {name: ends for name, (_, ends) in found.items()}}


def accuracy_name(head: Head) -> str:
    """Return the key under which `measure` gives the share of faces answered rightly."""
    return "bin_accuracy" if head is Head.AGE else "accuracy"


def measure_unknown(probabilities: Floats, truth: Truth, below: float) -> dict[str, Any]:
    """Return how often the answer is `unknown`, and how good the others are.

    Args:
        probabilities: (n, classes) float32, calibrated; n at least 1.
        truth: (n,) int64, class index.
        below: The head's limit on the probability of the best class, 0..1.

    Returns:
        `below`, `share` of faces not answered, `accuracy` of the answers given (None without any)
        and its 95 % `interval`.
    """
    given = probabilities.max(axis=1) >= below
    right = (probabilities.argmax(axis=1) == truth)[given]
    accuracy, ends = _share(right) if len(right) else (None, None)
    share = float(1 - given.mean())
    return {"below": below, "share": share, "accuracy": accuracy, "interval": ends}


def measure_groups(
    head: Head,  # noqa: ARG001  # every head is measured alike; callers need not know
    probabilities: Floats,
    truth: Truth,
    groups: Mapping[str, Mask],
) -> dict[str, dict[str, Any]]:
    """Return the accuracy of one head on each group that has a face.

    Args:
        head: Which.
        probabilities: (n, classes) float32.
        truth: (n,) int64, class index.
        groups: (n,) bool by name: who belongs.

    Returns:
        `faces`, `accuracy` (of the bin, for the age) and its 95 % `interval` by group.
    """
    right = probabilities.argmax(axis=1) == truth
    found = {}
    for name, members in groups.items():
        if members.any():
            accuracy, ends = _share(right[members])
            found[name] = {"faces": int(members.sum()), "accuracy": accuracy, "interval": ends}
    return found


def groups_of(truths: Sequence[Mapping[Head, int]]) -> dict[str, Mask]:
    """Return who belongs to each class, and to each age × gender × race that someone belongs to.

    Args:
        truths: Class index for each head, for each face; faces without a label for a head belong to
            no class of it.

    Returns:
        (n,) bool by name: `race=black`, …, `age=20-29,gender=female,race=black`, …; in the order
        of the classes.
    """
    members: dict[str, Mask] = {}
    for heads in [*((head,) for head in Head), TRIPLE]:
        keys = [_key(truth, heads) for truth in truths]
        for key in sorted(set(keys) - {()}):
            members[_name(heads, key)] = np.array([other == key for other in keys])
    return members


def worst_gap(groups: Mapping[str, Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return by how much accuracy differs between the best and the worst large group.

    Args:
        groups: From `measure_groups`.

    Returns:
        `gap` 0..1, `best` and `worst` (names); None with fewer than two groups of `ENOUGH` faces.
    """
    large = {name: group["accuracy"] for name, group in groups.items() if group["faces"] >= ENOUGH}
    if len(large) < 2:
        return None
    best, worst = max(large, key=large.__getitem__), min(large, key=large.__getitem__)
    return {"gap": large[best] - large[worst], "best": best, "worst": worst}


def _key(truth: Mapping[Head, int], heads: Sequence[Head]) -> tuple[int, ...]:
    """Return the classes that a face belongs to, nothing where a label is missing."""
    return tuple(truth[head] for head in heads) if set(heads) <= set(truth) else ()


def _name(heads: Sequence[Head], key: Sequence[int]) -> str:
    return ",".join(f"{head}={CLASSES[head][i]}" for head, i in zip(heads, key, strict=True))


def _share(right: Mask) -> tuple[float, tuple[float, float]]:
    """Return the share that is true, and its interval."""
    return float(right.mean()), wilson(int(right.sum()), len(right))


def _years_off(probabilities: Floats, truth: Truth) -> dict[str, tuple[float, list[float]]]:
    """Return the mean absolute errors in years, and their intervals."""
    said = {
        "mae_years": expected_age(probabilities),
        "mae_of_bin": AGE_CENTRES[probabilities.argmax(axis=1)],
    }
    off = np.stack([np.abs(years - AGE_CENTRES[truth]) for years in said.values()]).astype(float)

    def resampled(dice: np.random.Generator) -> NDArray[np.float64]:
        means: NDArray[np.float64] = off[:, dice.integers(len(truth), size=len(truth))].mean(axis=1)
        return means

    ends = bootstrap(resampled).T.tolist()
    return dict(zip(said, zip(off.mean(axis=1).tolist(), ends, strict=True), strict=True))
