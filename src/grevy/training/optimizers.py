"""Optimizers by name."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from grevy.recipes.schema import OptimizerConfig
from grevy.training.muon import Muon

# AdamW's learning rate beside Muon's: 3e-4 for 0.02, the pair in Jordan's reference usage
# (https://github.com/KellerJordan/Muon).
ADAMW_PART_OF_MUON_LR = 0.015


def build_optimizer(model: nn.Module, config: OptimizerConfig) -> Optimizer:
    """Build the optimizer of all parameters of `model` that require a gradient.

    Each parameter group keeps its peak learning rate as `group["initial_lr"]`, which a schedule
    scales.
    """
    optimizer = OPTIMIZERS[config.name](model, config)
    for group in optimizer.param_groups:
        group["initial_lr"] = group["lr"]
    return optimizer


def _sgd(model: nn.Module, config: OptimizerConfig) -> Optimizer:
    return SGD(
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
        return kind(
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
    return Muon(
        matrices,
        [p for p in _trainable(model) if id(p) not in chosen],
        lr=config.lr,
        other_lr=config.lr * ADAMW_PART_OF_MUON_LR,
        momentum=config.momentum,
        nesterov=config.nesterov,
        betas=config.betas,
        weight_decay=config.weight_decay,
    )


OPTIMIZERS: dict[str, Callable[[nn.Module, OptimizerConfig], Optimizer]] = {
    "sgd": _sgd,
    "adam": _adam_of(Adam),
    "adamw": _adam_of(AdamW),
    "muon": _muon,
}


def hidden_weights(model: nn.Module) -> list[Tensor]:
    """Find the weights that Muon moves: of every convolution and linear layer but two.

    The first and the last such layer, in the order of `model.modules()`, are the input and the
    output layer; these, biases, norms and all other parameters are for AdamW: the rule of
    Jordan's reference (https://github.com/KellerJordan/Muon), where Muon takes the hidden
    weights and AdamW the first convolution, the classifier head, gains and biases.
    """
    kinds = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
    weights = [module.weight for module in model.modules() if isinstance(module, kinds)]
    distinct = list({id(weight): weight for weight in weights}.values())
    return [weight for weight in distinct[1:-1] if weight.requires_grad]


def _trainable(model: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in model.parameters() if parameter.requires_grad]
