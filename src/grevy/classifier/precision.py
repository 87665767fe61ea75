"""fp32 or bf16: which layers and passes compute in it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn


def autocast(precision: str, device: torch.device) -> AbstractContextManager[Any]:
    """Where matrix products and convolutions run in bf16, if `precision` says so.

    Weights, optimizer state, normalisation and the loss stay in float32.
    """
    if precision == "fp32":
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


def train_depthwise_in_fp32(model: nn.Module) -> None:
    """Let depthwise convolutions on the CPU train in float32 whatever the precision of the rest.

    oneDNN's bf16 backward pass of a 5×5 depthwise convolution takes 3 to 4 times as long as the
    float32 one (64 pictures of 1,152 channels and 5×5: 32 ms against 7.7 ms, torch 2.15). Without
    a backward pass they stay in bf16.

    Args:
        model: changed in place; names of layers and tensors stay as they are.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and module.groups == module.in_channels > 1:
            forward = partial(_fp32_where_trained, module, module.forward)
            module.forward = forward  # type: ignore[method-assign]


def _fp32_where_trained(
    module: nn.Conv2d, forward: Callable[[Tensor], Tensor], images_BCHW: Tensor
) -> Tensor:
    goes_backward = images_BCHW.requires_grad or module.weight.requires_grad
    if not (torch.is_grad_enabled() and goes_backward and torch.is_autocast_enabled("cpu")):
        return forward(images_BCHW)
    with torch.autocast("cpu", enabled=False):
        return forward(images_BCHW.float())
