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

NEARLY_THE_SAME = 0.8
"""From which on it is nearly the same, and not only similar."""

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


def chance_of_correlation(first_HW: Tensor, second_HW: Tensor) -> float:
    """How often shifted copies of a map correlate with the other by chance as much as it does.

    Neighbouring values of a map are alike, so that it says less than as many independent ones. A
    map that is shifted round its borders keeps that and loses its place: the part of all shifts
    whose rank correlation is as far from 0 is the p of no relation (Harms et al. 2001, torus
    translation). Not less than one over the number of values; NaN as of `rank_correlation`.
    """
    from scipy.stats import rankdata

    if math.isnan(rank_correlation(first_HW, second_HW)):
        return math.nan
    spectra = []
    for map_HW in (first_HW, second_HW):
        values_HW = map_HW.detach().double().cpu().numpy()
        ranks_HW = rankdata(values_HW).reshape(values_HW.shape)
        spectra.append(np.fft.fft2(ranks_HW - ranks_HW.mean()))
    products_HW = np.abs(np.fft.ifft2(spectra[0] * spectra[1].conj()).real)
    return float((products_HW >= products_HW[0, 0] * (1 - 1e-9)).mean())


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
        random_maps: of the same size, each under other random weights. Their mean correlation
            is told; neither is passed nor failed where they lie on both sides of the bound.
    """
    sizes = [rank_correlation(map_HW.abs(), other_HW.abs()) for other_HW in random_maps]
    checks = (_check("randomised weights", "sizes", sizes),)
    if not (map_HW < 0).any():
        return checks
    signed = [rank_correlation(map_HW, other_HW) for other_HW in random_maps]
    return (*checks, _check("randomised weights, with signs", "signed values", signed))


def _check(name: str, what: str, correlations: Sequence[float]) -> Check:
    known = [correlation for correlation in correlations if not math.isnan(correlation)]
    expected = f"below {CLEARLY_DIFFERENT}"
    if not known:
        text = f"The {what} of the map can't be ranked, with its own weights or with random ones."
        return Check(name, math.nan, expected, None, text)
    mean = sum(known) / len(known)
    are_below = [correlation < CLEARLY_DIFFERENT for correlation in known]
    passed = are_below[0] if len(set(are_below)) == 1 else None
    return Check(name, mean, expected, passed, _random_weights_told(what, known, mean, passed))


def _random_weights_told(
    what: str, known: Sequence[float], mean: float, passed: bool | None
) -> str:
    """What random weights give, and whether each draw of them says so."""
    found = f"rank correlation {numeral(mean, 2)}"
    if len(known) > 1:
        found += f", {numeral(min(known), 2)} to {numeral(max(known), 2)} in {len(known)} draws"
    if passed is None:
        return f"Whether random weights give other {what} can't be told: draws differ ({found})."
    if passed:
        return f"Random weights give clearly other {what} ({found})."
    verdict = "nearly the same" if min(known) >= NEARLY_THE_SAME else "similar"
    return (
        f"Random weights give {verdict} {what} ({found}): they come from the picture more than from"
        " what was learned."
    )


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
