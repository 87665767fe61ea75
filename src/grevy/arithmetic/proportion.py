"""The interval of a proportion, such as an accuracy over pictures."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def wilson(right_B: NDArray[Any], count_B: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """95 % interval of a proportion (Wilson 1927); NaN where nothing was counted."""
    z = NormalDist().inv_cdf(0.975)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = right_B / count_B
        centre = (p + z**2 / (2 * count_B)) / (1 + z**2 / count_B)
        half = z * np.sqrt(p * (1 - p) / count_B + z**2 / (4 * count_B**2)) / (1 + z**2 / count_B)
    return centre - half, centre + half


def wilson_of(right: int, count: int) -> tuple[float, float]:
    """The same of one proportion, within 0 and 1; `count` is above 0."""
    low, high = wilson(np.array([right]), np.array([count]))
    return max(0.0, float(low[0])), min(1.0, float(high[0]))
