"""An optimizer in one file (Chen et al. 2023, "Symbolic discovery of optimization algorithms")."""

from __future__ import annotations

from grevy.recipes.kinds import BelowOne, OptimizerConfig
from grevy.recipes.parts import register_optimizer


class LionConfig(OptimizerConfig):
    """What it reads."""

    momentum: BelowOne = 0.9
    """Part of the direction so far that a step keeps."""

    memory: BelowOne = 0.99
    """Decay a step of the momentum."""


@register_optimizer("lion", config=LionConfig)
def build(config, model):
    import torch

    class Lion(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for parameter in group["params"]:
                    if parameter.grad is not None:
                        state = self.state[parameter]
                        memory = state.setdefault("memory", torch.zeros_like(parameter))
                        moved = memory.lerp(parameter.grad, 1 - group["momentum"])
                        parameter.sub_(moved.sign(), alpha=group["lr"])
                        memory.lerp_(parameter.grad, 1 - group["memory"])

    parameters = [p for p in model.parameters() if p.requires_grad]
    rule = {"lr": config.lr, "momentum": config.momentum, "memory": config.memory}
    return Lion(parameters, rule)
