"""From a config to an optimizer, and which parameters move faster, later or not as long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import Optimizer

from grevy.errors import RecipeValueError
from grevy.models.whitening import whitening_layers
from grevy.recipes.kinds import OptimizerConfig
from grevy.recipes.parts import find_part
from grevy.recipes.transfer import TransferConfig
from grevy.training.optimizers.trainable import trainable

Group = dict[str, Any]
"""Parameters that move alike, and how: what optimizers call a parameter group."""

NORMS = (_BatchNorm, nn.GroupNorm, nn.LayerNorm)


def build_optimizer(
    model: nn.Module, config: OptimizerConfig, transfer: TransferConfig | None = None
) -> Optimizer:
    """Build the optimizer of all parameters of `model` that require a gradient.

    Each parameter group keeps its peak learning rate as `group["initial_lr"]`, which a schedule
    scales, its place counted from the head as `group["depth"]` (0 where there is one group), and,
    if it is trained in the first epochs only, their number as `group["epochs"]`.

    Raises:
        RecipeValueError: a learning rate per depth or gradual unfreezing with muon.
    """
    by_depth = transfer is not None and (transfer.depth_decay < 1 or transfer.unfreeze_every > 0)
    if by_depth and config.name == "muon":
        raise RecipeValueError(
            "muon with transfer.depth_decay or transfer.unfreeze_every",
            "sgd, adam or adamw",
            "change --optimizer.name",
        )
    optimizer: Optimizer = find_part("optimizer", config.name).built(config, model)
    if config.bias_factor != 1:
        _set_apart(optimizer, _biases_and_norms(model), partial(_faster, config.bias_factor))
    if biases := [layer.bias for layer in whitening_layers(model) if layer.bias is not None]:
        _set_apart_whitening(optimizer, biases, config)
    if by_depth and transfer is not None:
        _split_by_depth(optimizer, model, transfer.depth_decay)
    for group in optimizer.param_groups:
        group["initial_lr"] = group["lr"]
        group.setdefault("depth", 0)
    return optimizer


def blocks_from_head(model: nn.Module) -> dict[str, list[nn.Parameter]]:
    """Trained parameters by block, the head's first: `fc`, `layer4.1`, `layer4.0`."""
    blocks: dict[str, list[nn.Parameter]] = {}
    block_of = block_of_layers(model)
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            blocks.setdefault(block_of[name.rpartition(".")[0]], []).append(parameter)
    return dict(reversed(blocks.items()))


def block_of_layers(model: nn.Module) -> dict[str, str]:
    """The block of each layer with parameters, in order: `layer4.1` for `layer4.1.conv1`.

    A norm that stands alone, as `bn1` after `conv1`, belongs to the block before it.
    """
    found: dict[str, str] = {}
    before = ""
    for name, module in model.named_modules():
        if any(True for _ in module.parameters(recurse=False)):
            parts = name.split(".")
            block = ".".join(parts[: 2 if len(parts) > 1 and parts[1].isdigit() else 1])
            alone = isinstance(module, NORMS) and block == name
            found[name] = before = before if alone and before else block
    return found


def _split_by_depth(optimizer: Optimizer, model: nn.Module, decay: float) -> None:
    """Groups for each block, each with its part of the learning rate; the head's come first."""
    groups = list(optimizer.param_groups)
    for depth, block in enumerate(blocks_from_head(model).values()):
        _set_apart(optimizer, block, partial(_at_depth, depth, decay), groups)
    optimizer.param_groups = [group for group in optimizer.param_groups if group["params"]]


def _set_apart(
    optimizer: Optimizer,
    parameters: Sequence[Tensor],
    changes: Callable[[Group], Group],
    groups: Sequence[Group] | None = None,
) -> None:
    """Move parameters out of their groups into new ones that differ in what `changes` says."""
    chosen = {id(parameter) for parameter in parameters}
    for group in list(optimizer.param_groups if groups is None else groups):
        apart = [p for p in group["params"] if id(p) in chosen]
        group["params"] = [p for p in group["params"] if id(p) not in chosen]
        if apart:
            optimizer.add_param_group({**group, "params": apart, **changes(group)})


def _faster(factor: float, group: Group) -> Group:
    """With a larger learning rate, and as much taken off by weight decay as before."""
    decay = {"weight_decay": group["weight_decay"] / factor} if "weight_decay" in group else {}
    return {"lr": group["lr"] * factor, **decay}


def _set_apart_whitening(
    optimizer: Optimizer, biases: Sequence[Tensor], config: OptimizerConfig
) -> None:
    """A factor of their own in place of that of biases, for their own number of epochs."""
    own, epochs = config.whitening_factor, config.whitening_epochs
    if own is None and not epochs:
        return

    def changes(group: Group) -> Group:
        rates = {} if own is None else _faster(own / config.bias_factor, group)
        return {**rates, **({"epochs": epochs} if epochs else {})}

    _set_apart(optimizer, biases, changes)


def _at_depth(depth: int, decay: float, group: Group) -> Group:
    return {"lr": group["lr"] * decay**depth, "depth": depth}


def _biases_and_norms(model: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in trainable(model) if parameter.ndim < 2]
