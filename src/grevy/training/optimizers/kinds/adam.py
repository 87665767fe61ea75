"""Adam (Kingma and Ba 2014) and AdamW (Loshchilov and Hutter 2017), which read the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grevy.recipes.kinds import BelowOne, NonNegative, OptimizerConfig
from grevy.recipes.parts import register_optimizer

if TYPE_CHECKING:
    import torch
    from torch import nn
    from torch.optim import Optimizer


class AdamConfig(OptimizerConfig):
    """What Adam and AdamW read."""

    betas: tuple[BelowOne, BelowOne] = (0.9, 0.999)
    """Decay a step of the mean gradient and of the mean squared gradient; of adamw also beside
    muon."""

    weight_decay: NonNegative = 0.0
    """L2 for sgd and adam, decoupled for adamw and muon."""


@register_optimizer("adam", config=AdamConfig)
def adam(config: AdamConfig, model: nn.Module) -> Optimizer:
    """PyTorch's; weight decay is added to the gradient."""
    from torch.optim import Adam

    return _build(Adam, config, model)


@register_optimizer("adamw", config=AdamConfig)
def adamw(config: AdamConfig, model: nn.Module) -> Optimizer:
    """PyTorch's; weight decay stands beside the gradient."""
    from torch.optim import AdamW

    return _build(AdamW, config, model)


def _build(kind: type[torch.optim.Adam], config: AdamConfig, model: nn.Module) -> Optimizer:
    from grevy.training.optimizers.trainable import trainable
    from grevy.training.optimizers.without_compiler import light

    return light(kind)(
        trainable(model),
        lr=config.lr,
        betas=config.betas,
        weight_decay=config.weight_decay,
        fused=True,
    )
