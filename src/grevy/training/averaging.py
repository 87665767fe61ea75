"""A second copy of the weights that moves more calmly, and is what is checked and kept."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from grevy.errors import RecipeValueError
from grevy.figures.numerals import counted
from grevy.recipes.schema import Recipe


def calm_copy(model: nn.Module, recipe: Recipe) -> AveragedModel | None:
    """The copy that the recipe asks for, equal to `model` at first; None: it asks for none."""
    if recipe.average_decay:
        rule = get_ema_multi_avg_fn(recipe.average_decay)  # type: ignore[no-untyped-call]
        return AveragedModel(model, multi_avg_fn=rule, use_buffers=True)
    return AveragedModel(model) if recipe.lookahead else None


def refuse_late_lookahead(recipe: Recipe, total_steps: int) -> None:
    """The slow weights have to move at least once, or the result were the initial network.

    Raises:
        RecipeValueError: they don't.
    """
    if recipe.lookahead > total_steps:
        raise RecipeValueError(
            f"lookahead {recipe.lookahead} in a training of {counted(total_steps, 'step')}",
            f"at most {total_steps}",
            "change --lookahead, or train more epochs",
        )


def average_weights(
    average: AveragedModel | None, model: nn.Module, recipe: Recipe, step: int, total_steps: int
) -> None:
    """Move the copy after an optimizer step, as the recipe says.

    Args:
        average: made by `calm_copy`; None: nothing is done.
        model: the network as the optimizer left it; lookahead sets it back.
        recipe: `average_decay` or `lookahead`.
        step: optimizer steps taken, 1 to total_steps.
        total_steps: in the whole training.
    """
    if average is None:
        return
    if not recipe.lookahead:
        follow(average, model, first=step == 1)
    elif step % recipe.lookahead == 0:
        decay = recipe.lookahead_decay**recipe.lookahead * (step / total_steps) ** 3
        look_ahead(average.module, model, decay)


@torch.no_grad()
def follow(average: AveragedModel, model: nn.Module, first: bool) -> None:
    """Move the average towards the weights by its own rule, as `average.update_parameters` does.

    That method asks the device how many steps it has averaged, and so waits for it; the loop knows.

    Args:
        average: made by `calm_copy` for `average_decay`.
        model: of the same architecture.
        first: whether it has averaged none; then it becomes equal to `model`.
    """
    assert average.multi_avg_fn is not None
    for floating in (True, False):
        means, values = (
            [tensor for tensor in _all(network) if tensor.is_floating_point() == floating]
            for network in (average.module, model)
        )
        if first:
            for mean, value in zip(means, values, strict=True):
                mean.copy_(value)
        elif means:
            average.multi_avg_fn(means, values, average.n_averaged)
    average.n_averaged.add_(1)


@torch.no_grad()
def look_ahead(slow: nn.Module, fast: nn.Module, decay: float) -> None:
    """Bring the slow weights towards the fast ones, and the fast ones back to where these are.

    Lookahead (Zhang, Lucas, Hinton and Ba 2019); batch norm's statistics follow as weights do.

    Args:
        slow: keeps the part `decay` of what it was.
        fast: of the same architecture; equals `slow` afterwards.
        decay: 0 (the fast weights are taken) to 1 (they are given up).
    """
    for slow_tensor, fast_tensor in zip(_numbers(slow), _numbers(fast), strict=True):
        slow_tensor.lerp_(fast_tensor, 1 - decay)
        fast_tensor.copy_(slow_tensor)


def _numbers(model: nn.Module) -> list[Tensor]:
    """Weights and statistics, but no counters."""
    return [value for value in model.state_dict().values() if value.is_floating_point()]


def _all(model: nn.Module) -> list[Tensor]:
    """Weights, statistics and counters."""
    return [tensor.detach() for tensor in (*model.parameters(), *model.buffers())]
