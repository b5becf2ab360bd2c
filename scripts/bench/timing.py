"""Fair clocks: rivals take turns, so that a busy moment of the machine hits them all."""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

ROUNDS = 5


def once(work: Callable[[], Any]) -> float:
    """Return how long one call took, seconds."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def take_turns(rivals: Mapping[str, Callable[[], Any]], rounds: int = ROUNDS) -> dict[str, float]:
    """Return each rival's median time, seconds, over rounds in which all run once.

    Every rival runs once before, untimed.
    """
    for work in rivals.values():
        work()
    times: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(rounds):
        for name, work in rivals.items():
            times[name].append(once(work))
    return {name: statistics.median(each) for name, each in times.items()}


def ratio(slow_s: float, fast_s: float) -> str:
    """Return how many times faster, for people."""
    return f"{slow_s / fast_s:.1f}×"
