"""A histogram of numbers that come in pieces: exact, in fixed memory, whatever the pieces are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

BITS = 6
"""2 to this power bins on each side of zero."""

_SIDE = 2**BITS


@dataclass(frozen=True)
class Histogram:
    """Counts of all values so far.

    Bins are [i·w, (i + 1)·w) with w the smallest power of two for which `_SIDE` bins on each side
    of zero hold every value. When w doubles, pairs of bins become one, so no value is ever
    counted in a wrong bin, and neither order nor size of the pieces matters.

    Attributes:
        counts_B: of the finite values that are not 0.
        exponent: all values lie within ±2 to this power; None before the first one that is not 0.
        zeros: values that are exactly 0, which a ReLU makes many of.
        broken: NaN and infinite ones.
        total: of all finite values, for their mean.
    """

    counts_B: NDArray[np.int64]
    exponent: int | None = None
    zeros: int = 0
    broken: int = 0
    total: float = 0.0

    @property
    def finite(self) -> int:
        """How many values are numbers."""
        return int(self.counts_B.sum()) + self.zeros

    @property
    def mean(self) -> float:
        """Of the finite values; NaN without any."""
        return self.total / self.finite if self.finite else float("nan")

    @property
    def edges_E(self) -> NDArray[np.float64]:
        """Ends of the bins, one more than there are bins."""
        width = 2.0 ** (self.exponent - BITS) if self.exponent is not None else 0.0
        return np.arange(-_SIDE, _SIDE + 1) * width

    def trimmed(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Counts and edges without the empty bins at both ends."""
        filled = np.flatnonzero(self.counts_B)
        if not filled.size:
            return self.counts_B[:0], self.edges_E[:0]
        first, last = filled[0], filled[-1] + 1
        return self.counts_B[first:last], self.edges_E[first : last + 1]


def empty_histogram() -> Histogram:
    """Of no values."""
    return Histogram(np.zeros(2 * _SIDE, np.int64))


def counted_in(histogram: Histogram, values: NDArray[Any]) -> Histogram:
    """The histogram with some more values, of any shape."""
    flat = values.ravel().astype(np.float64)
    finite = flat[np.isfinite(flat)]
    others = finite[finite != 0]
    grown = histogram
    if others.size:
        largest = int(np.frexp(np.abs(others).max())[1])  # |x| < 2 to this power
        grown = _widened(histogram, largest)
        assert grown.exponent is not None
        bins = np.floor(others / 2.0 ** (grown.exponent - BITS)).astype(np.int64) + _SIDE
        counts_B = grown.counts_B + np.bincount(bins, minlength=2 * _SIDE)
        grown = replace(grown, counts_B=counts_B)
    return replace(
        grown,
        zeros=histogram.zeros + finite.size - others.size,
        broken=histogram.broken + flat.size - finite.size,
        total=histogram.total + float(finite.sum()),
    )


def _widened(histogram: Histogram, exponent: int) -> Histogram:
    """The same counts in bins that reach to ±2 to the power `exponent`, if that is further."""
    if histogram.exponent is None:
        return replace(histogram, exponent=exponent)
    doublings = exponent - histogram.exponent
    if doublings <= 0:
        return histogram
    places = (np.arange(-_SIDE, _SIDE) >> min(doublings, BITS + 1)) + _SIDE
    counts_B = np.zeros_like(histogram.counts_B)
    np.add.at(counts_B, places, histogram.counts_B)
    return replace(histogram, counts_B=counts_B, exponent=exponent)
