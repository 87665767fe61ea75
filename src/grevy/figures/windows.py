"""Many noisy values as few windows with their mean and spread."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WINDOWS = 100
"""At most so many."""


@dataclass(frozen=True)
class Windows:
    """W windows of neighbouring steps.

    A window that holds a value that is not finite has no mean and no spread: all three are NaN.

    Attributes:
        step_W: mean of the steps in the window.
        mean_W: mean of the values.
        low_W: their 10 % point.
        high_W: their 90 % point.
        width: steps a window; some have one less where the division leaves a rest.
    """

    step_W: Floats
    mean_W: Floats
    low_W: Floats
    high_W: Floats
    width: int


def in_windows(steps_N: Floats, values_N: Floats, windows: int = WINDOWS) -> Windows:
    """Cut N values into at most `windows` windows of equal width, the smallest that suffices.

    Quantiles are linear between neighbours (type 7 of Hyndman and Fan 1996, NumPy's default).
    """
    width = max(1, math.ceil(len(values_N) / windows))
    parts = max(1, math.ceil(len(values_N) / width))
    finite_N = np.where(np.isfinite(values_N), values_N, np.nan)
    pieces = [piece for piece in np.array_split(finite_N, parts) if len(piece)]
    quantiles = [np.quantile(piece, (0.1, 0.9)) for piece in pieces]
    low_high_W2 = np.array(quantiles, dtype=np.float64).reshape(-1, 2)
    return Windows(
        step_W=np.array([piece.mean() for piece in np.array_split(steps_N, parts) if len(piece)]),
        mean_W=np.array([piece.mean() for piece in pieces]),
        low_W=low_high_W2[:, 0],
        high_W=low_high_W2[:, 1],
        width=width,
    )
