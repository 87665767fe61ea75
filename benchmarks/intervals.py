"""Means and ratios with their 95 % t intervals, as numbers and in words."""

from __future__ import annotations

import math
from collections.abc import Sequence


def ratio(values: Sequence[float], others: Sequence[float]) -> tuple[float, float, float]:
    """Geometric mean of the ratios, pair by pair, and its interval (NaN for one pair)."""
    from grevy.studies.statistics import t_interval

    found = t_interval([math.log(v / o) for v, o in zip(values, others, strict=True)])
    return math.exp(found.mean), math.exp(found.low), math.exp(found.high)


def in_words(values: Sequence[float], digits: int) -> str:
    """Mean, interval and n."""
    from grevy.studies.statistics import t_interval

    found = t_interval(values)
    if found.n < 2:
        return f"{found.mean:.{digits}f} (n = 1, no interval)"
    mean, low, high = (f"{value:.{digits}f}" for value in (found.mean, found.low, found.high))
    return f"{mean} ({low} to {high}, n = {found.n})"
