"""A layer that multiplies by a number."""

from __future__ import annotations

from torch import Tensor, nn


class Multiply(nn.Module):
    """Multiplies whatever it gets by one fixed number; it has nothing to train."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, values: Tensor) -> Tensor:
        """Return `values`, of any shape, times the factor."""
        return values * self.factor

    def extra_repr(self) -> str:
        """Show the factor where the network is printed."""
        return f"{self.factor:g}"
