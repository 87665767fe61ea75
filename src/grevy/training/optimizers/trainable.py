"""What an optimizer moves."""

from __future__ import annotations

from torch import nn


def trainable(model: nn.Module) -> list[nn.Parameter]:
    """All parameters that require a gradient, in the order of the network."""
    return [parameter for parameter in model.parameters() if parameter.requires_grad]
