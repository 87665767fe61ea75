"""How fast each parameter group moves in a step, and whether it moves at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch.optim import Optimizer

from grevy.training.state import Setup


def set_learning_rates(setup: Setup, optimizer: Optimizer, step: int) -> bool:
    """Set `group["lr"]` of every group for one step; whether another set of groups moves now.

    A group moves from its turn on (one block after the other, from the head) to its last step;
    its schedule ends with it. No gradient is computed of a group that does not move.

    Args:
        setup: schedule, steps, and which groups wait for their turn.
        optimizer: made by `build_optimizer`.
        step: optimizer steps already taken.
    """
    changed = False
    for group in optimizer.param_groups:
        last = last_step(group, setup)
        moving = first_step(group, setup) <= step < last
        rate = setup.learning_rate(group["initial_lr"], step, last, setup.batches.steps_per_epoch)
        group["lr"] = moving * rate
        if setup.world.size > 1:  # several processes wait for every gradient
            continue
        for parameter in group["params"]:
            changed |= parameter.requires_grad != moving
            parameter.requires_grad_(moving)
    return changed


def first_step(group: Mapping[str, Any], setup: Setup) -> float:
    """Where a group begins to move: later, the farther it is from the head, if asked for."""
    every = setup.recipe.transfer.unfreeze_every
    return float(group.get("depth", 0) * every * setup.total_steps / setup.recipe.epochs)


def last_step(group: Mapping[str, Any], setup: Setup) -> int:
    """The step after a group's last: the end of the training, or of its own epochs."""
    if "epochs" not in group:
        return setup.total_steps
    epochs = float(group["epochs"])
    return min(setup.total_steps, round(epochs * setup.total_steps / setup.recipe.epochs))
