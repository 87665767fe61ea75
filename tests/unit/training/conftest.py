"""What several tests of the loop need: a network that breaks, and somebody who listens."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

import grevy
from grevy.training.listeners.listener import Listener


@grevy.register_model("breaks")
class Breaks(nn.Module):
    """Puts out NaN in its training step number `step`, counted from 1."""

    def __init__(self, input_shape: tuple[int, int, int], classes: int, step: int) -> None:
        super().__init__()
        self.linear = nn.Linear(math.prod(input_shape), classes)
        self.step = step
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.calls += self.training
        bad = torch.where(self.calls == self.step, math.nan, 1.0)
        return self.linear(images.flatten(1)) * bad


class Hears(Listener):
    """Keeps the sentences."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def said(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture
def hears() -> Any:
    return Hears()
