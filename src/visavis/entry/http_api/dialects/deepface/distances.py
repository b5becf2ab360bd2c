"""Distances in the four ways of DeepFace, all from one cosine: our vectors have unit length."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from visavis.core.errors import InvalidInput

METRICS: Mapping[str, Callable[[float], float]] = MappingProxyType(
    {
        "cosine": lambda cosine: 1 - cosine,
        "euclidean": lambda cosine: math.sqrt(max(0.0, 2 - 2 * cosine)),
        "euclidean_l2": lambda cosine: math.sqrt(max(0.0, 2 - 2 * cosine)),
        "angular": lambda cosine: math.acos(min(1.0, max(-1.0, cosine))) / math.pi,
    }
)


def metric_of(name: str) -> Callable[[float], float]:
    """Return what makes a distance of a cosine.

    Raises:
        InvalidInput: there is no such metric.
    """
    if name not in METRICS:
        known = ", ".join(METRICS)
        raise InvalidInput(f"there is no distance_metric {name[:50]!r}; choose from {known}")
    return METRICS[name]
