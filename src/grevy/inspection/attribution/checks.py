"""What every map must stand: other weights must give another map.

Adebayo, Gilmer, Muelly, Goodfellow, Hardt and Kim 2018, "Sanity checks for saliency maps": a map
that stays the same when the weights are replaced by random ones says nothing about the network.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from grevy.data.randomness import generator
from grevy.figures.numerals import numeral
from grevy.inspection.view import Check

CLEARLY_DIFFERENT = 0.5
"""Rank correlation below which the map under random weights is clearly another."""

ToMaps = Callable[[nn.Module, Tensor, Tensor], Tensor]
"""From the model, images [B, C, H, W] and classes [B] to maps [B, H, W]."""


def rank_correlation(first_HW: Tensor, second_HW: Tensor) -> float:
    """Spearman's rank correlation of two maps of one size.

    NaN where one of them is the same everywhere or holds a value that is not finite.
    """
    from scipy.stats import rankdata

    pair = [m.detach().double().cpu().numpy().ravel() for m in (first_HW, second_HW)]
    if any(not np.isfinite(values).all() or np.ptp(values) == 0 for values in pair):
        return math.nan
    return float(np.corrcoef(rankdata(pair[0]), rankdata(pair[1]))[0, 1])


def under_random_weights(
    model: nn.Module, to_maps: ToMaps, images_BCHW: Tensor, classes_B: Tensor, seed: int
) -> Tensor:
    """The maps that the model would give with random weights; the model itself is not changed.

    Each parameter is drawn anew from the normal distribution that has its mean and its standard
    deviation, so that activations keep their size. Buffers stay.
    """
    draw = generator(seed, "randomised weights")
    weights = {
        f"model.{name}": _redrawn(parameter, draw) for name, parameter in model.named_parameters()
    }
    asking = _Asking(model, to_maps)
    maps_BHW: Tensor = torch.func.functional_call(asking, weights, (images_BCHW, classes_B))
    return maps_BHW


def randomised_weights_checks(map_HW: Tensor, random_maps: Sequence[Tensor]) -> tuple[Check, ...]:
    """Passed if the map is clearly another under random weights: its sizes, and its signs too.

    A method that multiplies with the picture (integrated gradients) can keep the sizes while the
    signs change; Adebayo et al. report both. A map without negative values has no signs to check.

    Args:
        map_HW: signed, before anything was cut off.
        random_maps: of the same size, each under other random weights; their mean correlation
            counts.
    """
    sizes = [rank_correlation(map_HW.abs(), other_HW.abs()) for other_HW in random_maps]
    checks = (_check("randomised weights", "sizes", _mean(sizes)),)
    if not (map_HW < 0).any():
        return checks
    signed = [rank_correlation(map_HW, other_HW) for other_HW in random_maps]
    return (*checks, _check("randomised weights, with signs", "signed values", _mean(signed)))


def _check(name: str, what: str, correlation: float) -> Check:
    expected = f"below {CLEARLY_DIFFERENT}"
    if math.isnan(correlation):
        text = f"The {what} of the map can't be ranked, with its own weights or with random ones."
        return Check(name, correlation, expected, None, text)
    passed = correlation < CLEARLY_DIFFERENT
    verdict = "clearly other" if passed else "nearly the same"
    beware = "" if passed else ": they come from the picture more than from what was learned"
    text = (
        f"Random weights give {verdict} {what} (rank correlation {numeral(correlation, 2)})"
        f"{beware}."
    )
    return Check(name, correlation, expected, passed, text)


class _Asking(nn.Module):
    """The model inside a module, so that a whole method runs on replaced parameters."""

    def __init__(self, model: nn.Module, to_maps: ToMaps) -> None:
        super().__init__()
        self.model = model
        self._to_maps = to_maps

    def forward(self, images_BCHW: Tensor, classes_B: Tensor) -> Any:
        return self._to_maps(self.model, images_BCHW, classes_B)


def _redrawn(parameter: Tensor, draw: torch.Generator) -> Tensor:
    values = parameter.detach()
    if not values.is_floating_point():
        return values
    noise = torch.randn(values.shape, generator=draw).to(values)
    return values.mean() + values.std(correction=0) * noise


def _mean(correlations: list[float]) -> float:
    known = [correlation for correlation in correlations if not math.isnan(correlation)]
    return sum(known) / len(known) if known else math.nan
