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
from grevy.inspection.attribution.checks import rank_correlation
from grevy.inspection.view import Check

LUMA = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue (ITU-R BT.601)."""

_WORDS = ((0.2, "hardly alike"), (0.4, "a little alike"), (0.6, "alike"), (1.01, "much alike"))


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


def edge_correlation(map_HW: Tensor, edges_HW: NDArray[np.float32]) -> float:
    """Rank correlation of a map without signs with the edges, averaged down to its size."""
    whole = torch.from_numpy(edges_HW)[None, None]
    size = (int(map_HW.shape[0]), int(map_HW.shape[1]))
    return rank_correlation(map_HW, torch.nn.functional.adaptive_avg_pool2d(whole, size)[0, 0])


def edge_check(correlation: float) -> Check:
    """How much the map is like an edge detector, in words; it informs only."""
    if math.isnan(correlation):
        text = "The map, or the picture's edges, are the same everywhere: nothing to compare."
    else:
        words = next(words for bound, words in _WORDS if abs(correlation) < bound)
        text = (
            f"As like an edge detector (Sobel) as a rank correlation of {numeral(correlation, 2)} "
            f"says: {words}."
        )
    return Check("edge detector", correlation, "", None, text)
