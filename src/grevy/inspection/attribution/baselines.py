"""The edge detector: what a map looks like that knows the picture and nothing of the network.

Adebayo et al. 2018 found that some methods draw little else than edges.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grevy.figures.numerals import numeral
from grevy.inspection.attribution.checks import chance_of_correlation, rank_correlation
from grevy.inspection.view import Check

LUMA = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue (ITU-R BT.601)."""

HARDLY = 0.2
"""Rank correlations nearer to 0 say that a map is hardly like the edges."""

_WORDS = ((0.4, "a little alike"), (0.6, "alike"), (1.01, "much alike"))

LEVEL = 0.05
"""Chance may give a word on likeness so often."""


def edges(pixels_NHWC: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Length [N, H, W] of the Sobel gradient of the luma in [0, 1]; borders are repeated."""
    from scipy.ndimage import sobel

    parts = pixels_NHWC / 255.0
    luma_NHW = parts @ LUMA if parts.shape[3] == 3 else parts[..., 0]
    lengths_NHW = [
        np.hypot(sobel(luma_HW, 0, mode="nearest"), sobel(luma_HW, 1, mode="nearest"))
        for luma_HW in luma_NHW
    ]
    return np.array(lengths_NHW, np.float32)


def compared_with_edges(map_HW: Tensor, edges_HW: NDArray[np.float32]) -> Check:
    """How much a map without signs is like the edges, averaged down to its size."""
    whole = torch.from_numpy(edges_HW)[None, None]
    size = (int(map_HW.shape[0]), int(map_HW.shape[1]))
    small_HW = torch.nn.functional.adaptive_avg_pool2d(whole, size)[0, 0]
    pair = map_HW, small_HW
    return edge_check(rank_correlation(*pair), chance_of_correlation(*pair))


def edge_check(correlation: float, chance: float) -> Check:
    """How much the map is like an edge detector, in words; it informs only.

    Args:
        correlation: rank correlation with the edges.
        chance: how often it comes so far from 0 by chance.
    """
    if math.isnan(correlation):
        text = "The map, or the picture's edges, are the same everywhere: nothing to compare."
    else:
        found = f"rank correlation {numeral(correlation, 2)}"
        text = f"Beside an edge detector (Sobel): {_likeness(correlation, chance)} ({found})."
    return Check("edge detector", correlation, "", None, text)


def _likeness(correlation: float, chance: float) -> str:
    if abs(correlation) < HARDLY:
        return "hardly alike"
    if chance >= LEVEL:
        return f"can't be told, {100 * chance:.0f} % of shifted copies of the map are as near"
    if correlation < 0:
        return "the opposite, strong where the picture has few edges"
    return next(words for bound, words in _WORDS if correlation < bound)
