"""Optimizers by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import SGD, Adam, AdamW, Optimizer

from grevy.errors import RecipeValueError
from grevy.models.whitening import whitening_layers
from grevy.recipes.schema import OptimizerConfig
from grevy.recipes.transfer import TransferConfig
from grevy.training.optimizers.muon import Muon, adamw_group, sgd_group
from grevy.training.optimizers.without_compiler import light

Group = dict[str, Any]
"""Parameters that move alike, and how: what optimizers call a parameter group."""

NORMS = (_BatchNorm, nn.GroupNorm, nn.LayerNorm)

# AdamW's learning rate beside Muon's: 3e-4 for 0.02, the pair in Jordan's reference usage
# (https://github.com/KellerJordan/Muon).
ADAMW_PART_OF_MUON_LR = 0.015


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
    optimizer = OPTIMIZERS[config.name](model, config)
    if config.bias_factor != 1:
        _set_apart(optimizer, _biases_and_norms(model), partial(_faster, config.bias_factor))
    if config.whitening_epochs or config.whitening_factor is not None:
        biases = [layer.bias for layer in whitening_layers(model) if layer.bias is not None]
        _set_apart(optimizer, biases, partial(_of_whitening, config))
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
    return {"lr": group["lr"] * factor, "weight_decay": group["weight_decay"] / factor}


def _of_whitening(config: OptimizerConfig, group: Group) -> Group:
    """With a factor of its own in place of that of biases, for its own number of epochs."""
    own = config.whitening_factor
    rates = {} if own is None else _faster(own / config.bias_factor, group)
    return {**rates, **({"epochs": config.whitening_epochs} if config.whitening_epochs else {})}


def _at_depth(depth: int, decay: float, group: Group) -> Group:
    return {"lr": group["lr"] * decay**depth, "depth": depth}


def _biases_and_norms(model: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in _trainable(model) if parameter.ndim < 2]


def _sgd(model: nn.Module, config: OptimizerConfig) -> Optimizer:
    return light(SGD)(
        _trainable(model),
        lr=config.lr,
        momentum=config.momentum,
        nesterov=config.nesterov,
        weight_decay=config.weight_decay,
        # On CPU one fused step takes a third of the time with momentum, and longer without.
        fused=True if config.momentum > 0 else None,
    )


def _adam_of(kind: type[Adam]) -> Callable[[nn.Module, OptimizerConfig], Optimizer]:
    """Adam or AdamW, which take the same arguments."""

    def build(model: nn.Module, config: OptimizerConfig) -> Optimizer:
        return light(kind)(
            _trainable(model),
            lr=config.lr,
            betas=config.betas,
            weight_decay=config.weight_decay,
            fused=True,
        )

    return build


def _muon(model: nn.Module, config: OptimizerConfig) -> Optimizer:
    matrices = hidden_weights(model)
    chosen = {id(weight) for weight in matrices}
    others = [p for p in _trainable(model) if id(p) not in chosen]
    return light(Muon)(
        matrices,
        [_beside_muon(others, config)],
        lr=config.lr,
        momentum=config.momentum,
        nesterov=config.nesterov,
        weight_decay=config.weight_decay,
        renormalise=config.renormalise,
        iterations=config.iterations,
    )


def _beside_muon(parameters: list[nn.Parameter], config: OptimizerConfig) -> Group:
    if config.others == "adamw":
        lr = config.others_lr or config.lr * ADAMW_PART_OF_MUON_LR
        return adamw_group(parameters, lr, config.betas)
    momentum = config.momentum if config.others_momentum is None else config.others_momentum
    return sgd_group(parameters, config.others_lr or config.lr, momentum, config.nesterov)


OPTIMIZERS: dict[str, Callable[[nn.Module, OptimizerConfig], Optimizer]] = {
    "sgd": _sgd,
    "adam": _adam_of(Adam),
    "adamw": _adam_of(AdamW),
    "muon": _muon,
}


def hidden_weights(model: nn.Module) -> list[Tensor]:
    """Find the weights that Muon moves: of every convolution and linear layer but two.

    The first and the last such layer, in the order of `model.modules()`, are the input and the
    output layer; these, biases, norms and all other parameters are for the rule beside it, as in
    Jordan's reference (https://github.com/KellerJordan/Muon), where Muon takes the hidden
    weights and AdamW the first convolution, the classifier head, gains and biases.
    """
    kinds = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
    weights = [module.weight for module in model.modules() if isinstance(module, kinds)]
    distinct = list({id(weight): weight for weight in weights}.values())
    return [weight for weight in distinct[1:-1] if weight.requires_grad]


def _trainable(model: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in model.parameters() if parameter.requires_grad]
