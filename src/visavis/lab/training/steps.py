"""What training loops share: the learning rate, averaged weights, a checkpoint to go on from."""

import math
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError  # only what `torch.load` raises; nothing is unpickled
from typing import Any

import structlog
import torch
from torch import nn

log = structlog.get_logger(__name__)

WARM_UP_STEPS = 200
"""Steps over which the rates rise, or a tenth of a short run."""


def shorter_numbers() -> torch.autocast:
    """Let networks multiply in bfloat16 where the processor does that quickly.

    Without AVX-512 such products are worked out in software: on an EPYC with AVX2 alone a step took
    13 times as long as with float32.
    """
    is_quick = "AVX512" in torch.backends.cpu.get_cpu_capability()
    return torch.autocast("cpu", torch.bfloat16, enabled=is_quick)


def peak_share(step: int, steps: int) -> float:
    """Return the share of the peak rates, 0..1: a short rise, then half a cosine down."""
    rise = min(1.0, (step + 1) / min(WARM_UP_STEPS, steps / 10 + 1))
    return rise * 0.5 * (1 + math.cos(math.pi * step / steps))


@torch.no_grad()
def follow(average: nn.Module, net: nn.Module, memory: float, step: int) -> None:
    """Move averaged weights towards the present ones.

    Args:
        average: Moved.
        net: What learns.
        memory: Share of the average that stays, once the first steps are over.
        step: Steps done.
    """
    memory = min(memory, step / (step + 10))
    for kept, now in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if kept.dtype.is_floating_point:
            kept.lerp_(now, 1 - memory)
        else:
            kept.copy_(now)


def keep_state(path: Path, state: Mapping[str, Any]) -> None:
    """Write a checkpoint, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    torch.save(dict(state), partial)
    partial.replace(path)


def read_state(path: Path) -> dict[str, Any] | None:
    """Return a checkpoint, or None where there is none.

    One that cannot be read, as after a loss of power, means to start over.
    """
    if not path.is_file():
        return None
    try:
        state: dict[str, Any] = torch.load(path, weights_only=True)
    except (OSError, EOFError, RuntimeError, UnpicklingError) as exc:
        log.warning("checkpoint_unreadable", reason=type(exc).__name__)
        return None
    return state
