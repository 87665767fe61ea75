"""Everything that looking must not change."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def state_of(model: nn.Module) -> dict[str, Any]:
    """Weights, buffers, gradients, modes, hooks and the random state, as copies by name."""
    state: dict[str, Any] = {"python": random.getstate(), "torch": torch.get_rng_state()}
    state["numpy"] = tuple(np.random.get_state())[1:]
    state["grad enabled"] = torch.is_grad_enabled()
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        state[f"{name}: identity"] = id(tensor)
        state[f"{name}: value"] = tensor.detach().clone()
        state[f"{name}: requires_grad"] = tensor.requires_grad
        state[f"{name}: grad identity"] = id(tensor.grad)
        state[f"{name}: grad"] = None if tensor.grad is None else tensor.grad.clone()
    for name, module in model.named_modules():
        state[f"{name}: training"] = module.training
        for attribute, value in vars(module).items():
            if "hooks" in attribute:
                state[f"{name}: {attribute}"] = dict(value)
    return state


def changed(before: dict[str, Any], model: nn.Module) -> list[str]:
    """Names of what is not as it was, or is new, or gone."""
    after = state_of(model)
    return [
        name
        for name in before.keys() | after.keys()
        if name not in before or name not in after or not _same(before[name], after[name])
    ]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor | np.ndarray):
        return np.array_equal(np.asarray(one), np.asarray(other), equal_nan=True)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)
