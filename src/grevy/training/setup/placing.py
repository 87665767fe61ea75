"""A fresh network onto the device that trains it, in the layout and kernels that are fast there."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from grevy.classifier.precision import train_depthwise_in_fp32
from grevy.training.sizes import refuse_sizes


def place(
    network: nn.Module,
    device: torch.device,
    sizes: tuple[int, ...],
    input_shape: tuple[int, ...],
) -> Any:
    """The network on the device, its filters channels last, tried on every size of picture.

    Args:
        network: changed in place.
        device: where it is trained.
        sizes: sides in pixels that train pictures are resized to; may be empty.
        input_shape: channels, height, width.

    Raises:
        RecipeValueError: it does not take pictures of every size.
    """
    model = network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    if device.type == "cpu":
        train_depthwise_in_fp32(model)
    refuse_sizes(model, sizes, input_shape)
    return model
