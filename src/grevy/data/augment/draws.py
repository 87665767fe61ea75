"""Random numbers for a stage, drawn on the CPU from the step's own generator."""

from __future__ import annotations

import torch
from torch import Tensor


def uniform(shape: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    """Draw float64 numbers, uniform in [low, high)."""
    drawn = torch.rand(shape, generator=generator, dtype=torch.float64)
    return drawn * (high - low) + low


def integers(count: int, low: int, high: int, generator: torch.Generator) -> Tensor:
    """Draw `count` int64 numbers, uniform in low..high, both included."""
    return torch.randint(low, high + 1, (count,), generator=generator)
