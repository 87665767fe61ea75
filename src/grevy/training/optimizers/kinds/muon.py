"""Muon (Jordan 2024) for the hidden weights, AdamW or SGD for the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from grevy.recipes.config import ReadWhen
from grevy.recipes.kinds import BelowOne, LearningRate
from grevy.recipes.parts import register_optimizer
from grevy.training.optimizers.kinds.sgd import MomentumConfig

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

# AdamW's learning rate beside Muon's: 3e-4 for 0.02, the pair in Jordan's reference usage
# (https://github.com/KellerJordan/Muon).
ADAMW_PART_OF_MUON_LR = 0.015


class MuonConfig(MomentumConfig):
    """What Muon reads, and what moves the parameters that it does not take."""

    others: Literal["adamw", "sgd"] = "adamw"
    """Beside muon: what moves the parameters that it does not take."""

    others_lr: LearningRate | None = None
    """Their learning rate. Left out: 0.015 of `lr` for adamw, `lr` for sgd."""

    others_momentum: Annotated[
        BelowOne | None, ReadWhen("optimizer.others sgd", lambda own: own.others == "sgd")
    ] = None
    """Their momentum, where sgd moves them. Left out: `momentum`."""

    betas: Annotated[
        tuple[BelowOne, BelowOne],
        ReadWhen("optimizer.others adamw", lambda own: own.others == "adamw"),
    ] = (0.9, 0.999)
    """Decay a step of the mean gradient and of the mean squared gradient; of adamw also beside
    muon."""

    renormalise: bool = False
    """muon: before each step, bring each of its weights to the norm √(outputs), in place of weight
    decay."""

    iterations: Annotated[int, Field(ge=1, le=20)] = 5
    """muon: iterations by which it orthogonalises the momentum; on small networks that are trained
    for a few epochs three do as well."""


@register_optimizer("muon", config=MuonConfig)
def build(config: MuonConfig, model: nn.Module) -> Optimizer:
    """One optimizer of several algorithms, with one state."""
    from grevy.training.optimizers.muon import Muon, hidden_weights
    from grevy.training.optimizers.trainable import trainable
    from grevy.training.optimizers.without_compiler import light

    matrices = hidden_weights(model)
    chosen = {id(weight) for weight in matrices}
    others = [p for p in trainable(model) if id(p) not in chosen]
    momentum = config.momentum
    nesterov = momentum > 0 and config.nesterov
    return light(Muon)(
        matrices,
        [_beside_muon(others, config, momentum, nesterov)],
        lr=config.lr,
        momentum=momentum,
        nesterov=nesterov,
        weight_decay=config.weight_decay,
        renormalise=config.renormalise,
        iterations=config.iterations,
    )


def _beside_muon(
    parameters: list[nn.Parameter], config: MuonConfig, momentum: float, nesterov: bool
) -> dict[str, Any]:
    from grevy.training.optimizers.muon import adamw_group, sgd_group

    if config.others == "adamw":
        lr = config.others_lr or config.lr * ADAMW_PART_OF_MUON_LR
        return adamw_group(parameters, lr, config.betas)
    own = config.others_momentum
    return sgd_group(
        parameters, config.others_lr or config.lr, momentum if own is None else own, nesterov
    )
