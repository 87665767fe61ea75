"""How far the loss of a check is known: standard errors over its pictures.

Two checks see the same pictures, most of which have nearly the loss that they had before. So a
difference between two checks is known much better than either loss, if each picture is compared
with itself (the paired t test's standard error: Student 1908).

Shape: N pictures.
"""

from __future__ import annotations

import math

from torch import Tensor

from grevy.arithmetic.proportion import widest
from grevy.figures.numerals import counted

FEW = 0.05
"""Accuracies whose interval reaches further to each side are told of before the first."""


def loss_errors(losses_N: Tensor, best_N: Tensor | None) -> dict[str, float]:
    """Of the mean loss, and of its difference to the best check before; what is known of them.

    Args:
        losses_N: of each picture at this check.
        best_N: of the same pictures at the best check before; None: there is none.

    Returns:
        `loss_error` and `loss_change_error`; without what is not finite or of one picture only.
    """
    found = {"loss_error": standard_error(losses_N)}
    if best_N is not None:
        found["loss_change_error"] = standard_error(losses_N - best_N)
    return {name: value for name, value in found.items() if math.isfinite(value)}


def few_pictures(validation: int) -> str | None:
    """What the accuracies of checks on so many pictures are worth; None: enough."""
    far = widest(validation)
    if far <= FEW:
        return None
    return (
        f"checks are on {counted(validation, 'validation picture')}: an accuracy there is known to"
        f" ±{100 * far:.0f} points (95 % interval at its widest, Wilson 1927)"
    )


def standard_error(values_N: Tensor) -> float:
    """Of their mean; NaN for fewer than two values."""
    if len(values_N) < 2:
        return math.nan
    return float(values_N.std()) / math.sqrt(len(values_N))
