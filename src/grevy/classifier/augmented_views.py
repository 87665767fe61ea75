"""Test-time augmentation: the mean of what a network says about several views of a picture."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import torch
from torch import Tensor

from grevy.data.augment.augmented_view import PLAIN, AugmentedView
from grevy.recipes.schema import Recipe

LogitsOf = Callable[[AugmentedView, Tensor | None], Tensor]
"""Logits of a split in a view: of all its pictures, or of those with the given indices."""


def name_of_views(recipe: Recipe) -> str | None:
    """What the figures are called in the record, as `test_time_flip`; None: there are none."""
    what = [n for n in ("flip", "shift") if getattr(recipe, f"test_time_{n}")]
    return "_".join(["test_time", *what]) if what else None


def weighted_views(recipe: Recipe) -> dict[AugmentedView, float]:
    """The views that are averaged and their weights, which add up to 1.

    With shifts, half the weight stays with the picture where it is and a quarter goes to each of
    two shifts along the diagonal; a mirror image weighs as much as its picture (Jordan 2024).
    """
    step = recipe.test_time_shift
    flips = (False, True) if recipe.test_time_flip else (False,)
    shifts = {0: 0.5, -step: 0.25, step: 0.25} if step else {0: 1.0}
    return {
        AugmentedView(f, s): weight / len(flips)
        for (s, weight), f in product(shifts.items(), flips)
    }


def logits_over_views(recipe: Recipe, plain_NK: Tensor, logits_of: LogitsOf) -> Tensor:
    """Logits [N, K], averaged over the views for the pictures that the network is least sure of.

    Args:
        recipe: `test_time_flip`, `test_time_shift`, `test_time_part`.
        plain_NK: logits of all pictures as they are.
        logits_of: gives the logits of other views.
    """
    count = pictures_again(recipe, len(plain_NK))
    index = None if count == len(plain_NK) else least_sure(plain_NK, count)
    plain = plain_NK if index is None else plain_NK[index]
    mean = torch.zeros_like(plain)
    for view, weight in weighted_views(recipe).items():
        mean += weight * (plain if view == PLAIN else logits_of(view, index))
    return mean if index is None else plain_NK.index_copy(0, index, mean)


def pictures_again(recipe: Recipe, count: int) -> int:
    """How many of `count` pictures are looked at again in the other views."""
    return max(1, round(recipe.test_time_part * count))


def least_sure(logits_NK: Tensor, count: int) -> Tensor:
    """Indices, ascending, of the pictures whose most probable class has the least probability."""
    sure_N = logits_NK.softmax(1).amax(1)
    return sure_N.topk(count, largest=False).indices.sort().values
