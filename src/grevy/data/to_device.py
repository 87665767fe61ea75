"""Small tensors on their way to the device that trains."""

from __future__ import annotations

import torch
from torch import Tensor

WITHOUT_PINNING = ("cpu", "mps")
"""Devices to which a plain copy is made: no copy at all, or none that may be left to itself."""


def to_device(values: Tensor, device: torch.device) -> Tensor:
    """A tensor on the device, without waiting for it.

    An ordinary copy from the CPU to a GPU waits until the GPU has done all that it was given. From
    pinned memory, which the operating system does not move, the copy joins the GPU's queue instead.

    Args:
        values: of any shape; on the device already, it is given back as it is.
        device: where.
    """
    if not values.is_cpu or device.type in WITHOUT_PINNING:
        return values.to(device)
    return values.pin_memory().to(device, non_blocking=True)
