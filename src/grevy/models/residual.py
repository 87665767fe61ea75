"""Layers beside a shortcut."""

from __future__ import annotations

from torch import Tensor, nn


class Residual(nn.Sequential):
    """Layers one after another, whose result is added to what the first of them gets.

    The shortcut changes nothing (He et al. 2016, "Identity mappings in deep residual networks"), so
    the layers must keep the shape.
    """

    def forward(self, maps_BCHW: Tensor) -> Tensor:
        """Return `maps_BCHW` plus what the layers make of them, of the same shape."""
        residual_BCHW: Tensor = super().forward(maps_BCHW)  # type: ignore[no-untyped-call]
        return maps_BCHW + residual_BCHW
