"""The statistics of paired runs: NumPy and SciPy, each with its source.

Two kinds of noise are told apart. Across seeds: the same two arms trained again would differ; a t
interval over paired differences. Across pictures: another test split of the same kind would have
given other figures; a bootstrap over pictures.

Shapes: S seeds, N pictures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

CONFIDENCE = 0.95
POWER = 0.8
"""With so many seeds, an effect of the size seen is found in four of five studies."""

MOST_SEEDS = 1000
"""More seeds than this are not asked for."""

RESAMPLES = 10_000


@dataclass(frozen=True)
class Estimate:
    """A mean with its interval.

    Attributes:
        mean: of the values.
        low: lower end of the interval; NaN where there is none.
        high: upper end; NaN where there is none.
        n: number of values.
        standard_deviation: of the values (n − 1); NaN for one value.
    """

    mean: float
    low: float
    high: float
    n: int
    standard_deviation: float

    @property
    def excludes_zero(self) -> bool:
        """Whether 0 lies outside of the interval; False where there is none."""
        return self.low > 0 or self.high < 0


def t_interval(values: ArrayLike, confidence: float = CONFIDENCE) -> Estimate:
    """Mean and t interval (Student 1908) of values that vary by seed.

    Args:
        values: one a seed; for two arms their differences, seed by seed.
        confidence: of the interval.
    """
    values_S = np.asarray(values, np.float64)
    n, mean = len(values_S), float(values_S.mean())
    if n < 2:
        return Estimate(mean, math.nan, math.nan, n, math.nan)
    deviation = float(values_S.std(ddof=1))
    half = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * deviation / math.sqrt(n)
    return Estimate(mean, mean - half, mean + half, n, deviation)


def paired_t_test(differences: ArrayLike) -> float:
    """Two-sided p of "the mean difference is 0"; NaN for fewer than two seeds."""
    values_S = np.asarray(differences, np.float64)
    if len(values_S) < 2:
        return math.nan
    if not values_S.std(ddof=1):
        return 0.0 if values_S.mean() else 1.0
    return float(stats.ttest_1samp(values_S, 0.0).pvalue)


def picture_bootstrap(
    differences: ArrayLike,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
) -> Estimate:
    """Mean and percentile interval over pictures (Efron 1979), paired by picture.

    A resample of N pictures is drawn as the numbers of times that each distinct difference occurs,
    which is the same distribution and needs no N × resamples numbers.

    Args:
        differences: a picture: right (1) or wrong (0) of one arm minus the other, or the mean of
            this over seeds.
        seed: of the resamples.
        resamples: how many.
        confidence: of the interval.
    """
    values_N = np.asarray(differences, np.float64)
    distinct, counts = np.unique(values_N, return_counts=True)
    random = np.random.default_rng(seed)
    drawn = random.multinomial(len(values_N), counts / len(values_N), size=resamples)
    means = drawn @ distinct / len(values_N)
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    deviation = float(values_N.std(ddof=1)) if len(values_N) > 1 else math.nan
    return Estimate(float(values_N.mean()), float(low), float(high), len(values_N), deviation)


@dataclass(frozen=True)
class McNemar:
    """Exact test of two classifiers on the same pictures (McNemar 1947).

    Attributes:
        only_first: pictures that only the first has right.
        only_second: pictures that only the second has right.
        p: two-sided, from the binomial distribution.
    """

    only_first: int
    only_second: int
    p: float


def mcnemar(first_right: ArrayLike, second_right: ArrayLike) -> McNemar:
    """Whether one of two runs is right more often where they disagree.

    Args:
        first_right: [N] bool.
        second_right: [N] bool, of the same pictures in the same order.
    """
    first_N, second_N = np.asarray(first_right, bool), np.asarray(second_right, bool)
    only_first, only_second = int((first_N & ~second_N).sum()), int((second_N & ~first_N).sum())
    n = only_first + only_second
    p = (
        1.0
        if n == 0
        else min(1.0, 2 * float(stats.binom.cdf(min(only_first, only_second), n, 0.5)))
    )
    return McNemar(only_first, only_second, p)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """P values adjusted for their number (Holm 1979), in the order given; NaN stays NaN."""
    p = np.asarray(p_values, np.float64)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    adjusted: NDArray[np.float64] = np.full(len(p), np.nan)
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * factors))
    return tuple(adjusted.tolist())


def equivalence(differences: ArrayLike, margin: float) -> float:
    """P of "the effect is as large as `margin` or larger": two one-sided tests (Schuirmann 1987).

    Args:
        differences: one a seed.
        margin: above 0, in the unit of the differences.

    Returns:
        Below 0.05: the effect lies within ±margin. NaN for fewer than two seeds.
    """
    values_S = np.asarray(differences, np.float64)
    if len(values_S) < 2:
        return math.nan
    if not values_S.std(ddof=1):
        return 0.0 if abs(values_S.mean()) < margin else 1.0
    above = stats.ttest_1samp(values_S, -margin, alternative="greater").pvalue
    below = stats.ttest_1samp(values_S, margin, alternative="less").pvalue
    return float(max(above, below))


def power_of(effect: float, seeds: int, alpha: float = 1 - CONFIDENCE) -> float:
    """Probability that a paired two-sided t test finds an effect (Cohen 1988).

    Args:
        effect: mean difference divided by the standard deviation of differences.
        seeds: at least 2.
        alpha: of the test.
    """
    critical = stats.t.ppf(1 - alpha / 2, seeds - 1)
    shift = effect * math.sqrt(seeds)
    # By symmetry the lower tail is an upper one; SciPy's own lower tail is NaN far out.
    return float(sum(stats.nct.sf(critical, seeds - 1, sign * shift) for sign in (1, -1)))


def seeds_needed(effect: float, power: float = POWER, alpha: float = 1 - CONFIDENCE) -> int | None:
    """The fewest paired seeds with which an effect of that size is found with that power.

    Args:
        effect: mean difference divided by the standard deviation of differences.
        power: wanted.
        alpha: of the test; divided by the number of tests where several are corrected for.

    Returns:
        None where more than `MOST_SEEDS` would be needed.
    """
    if not math.isfinite(effect) or power_of(effect, MOST_SEEDS, alpha) < power:
        return None
    low, high = 2, MOST_SEEDS
    while low < high:
        middle = (low + high) // 2
        low, high = (
            (low, middle) if power_of(effect, middle, alpha) >= power else (middle + 1, high)
        )
    return low
