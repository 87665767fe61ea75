"""The interval of a proportion, such as an accuracy over pictures."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NORMAL = NormalDist().inv_cdf(0.975)
"""Of a normal distribution 95 % lie between it and its negative."""


def wilson(right_B: NDArray[Any], count_B: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """95 % interval of a proportion (Wilson 1927); NaN where nothing was counted."""
    z = NORMAL
    with np.errstate(invalid="ignore", divide="ignore"):
        p = right_B / count_B
        centre = (p + z**2 / (2 * count_B)) / (1 + z**2 / count_B)
        half = z * np.sqrt(p * (1 - p) / count_B + z**2 / (4 * count_B**2)) / (1 + z**2 / count_B)
    return centre - half, centre + half


def wilson_of(right: int, count: int) -> tuple[float, float]:
    """The same of one proportion, within 0 and 1; `count` is above 0."""
    low, high = wilson(np.array([right]), np.array([count]))
    return max(0.0, float(low[0])), min(1.0, float(high[0]))


def interval_told(share: float, count: int) -> str:
    """The same of one share, as words: "0.9677 to 0.9941"; a dash where nothing was counted.

    >>> interval_told(1.0, 6), interval_told(0.5, 10_000)
    ('0.6097 to 1.0000', '0.4902 to 0.5098')
    """
    if not count:
        return "–"
    low, high = wilson_of(round(share * count), count)
    return f"{low:.4f} to {high:.4f}"


def widest(count: int) -> float:
    """How far the interval of so many reaches to each side at most, which is at a half."""
    low_1, high_1 = wilson(np.array([count // 2]), np.array([count]))
    return float(high_1[0] - low_1[0]) / 2
