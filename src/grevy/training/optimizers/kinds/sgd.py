"""Stochastic gradient descent, with momentum where asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import model_validator

from grevy.recipes.config import ReadWhen
from grevy.recipes.kinds import BelowOne, NonNegative, OptimizerConfig
from grevy.recipes.parts import register_optimizer

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer


class MomentumConfig(OptimizerConfig):
    """Of optimizers with one momentum."""

    momentum: BelowOne = 0.0
    """Part of the direction so far that a step keeps."""

    nesterov: Annotated[
        bool, ReadWhen("optimizer.momentum above 0", lambda own: own.momentum > 0)
    ] = False
    """Look one step ahead along the momentum; needs momentum."""

    weight_decay: NonNegative = 0.0
    """L2 for sgd and adam, decoupled for adamw and muon."""

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> MomentumConfig:
        if self.nesterov and self.momentum == 0.0:
            raise ValueError("a momentum above 0 where nesterov is on")
        return self


class SGDConfig(MomentumConfig):
    """What SGD reads."""


@register_optimizer("sgd", config=SGDConfig)
def build(config: SGDConfig, model: nn.Module) -> Optimizer:
    """PyTorch's."""
    from torch.optim import SGD

    from grevy.training.optimizers.trainable import trainable
    from grevy.training.optimizers.without_compiler import light

    momentum = config.momentum
    return light(SGD)(
        trainable(model),
        lr=config.lr,
        momentum=momentum,
        nesterov=momentum > 0 and config.nesterov,
        weight_decay=config.weight_decay,
        # On CPU one fused step takes a third of the time with momentum, and longer without.
        fused=True if momentum > 0 else None,
    )
