"""An arm's effect: its mean difference from the baseline, both kinds of noise, a verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grevy.studies.contestants import Contest, Contestant
from grevy.studies.statistics import (
    Estimate,
    McNemar,
    equivalence,
    holm,
    mcnemar,
    paired_t_test,
    picture_bootstrap,
    seeds_needed,
    t_interval,
)

ALPHA = 0.05


@dataclass(frozen=True)
class Effect:
    """Of one arm against the baseline, in accuracy (0.01 is one percentage point).

    Attributes:
        seeds: both have these; [None] where each has one training and nobody said its seed.
        across_seeds: mean and t interval of the differences, seed by seed; without an interval for
            one seed.
        across_pictures: the same mean, and the bootstrap interval over test pictures.
        p: paired t test; NaN for one seed.
        p_adjusted: by Holm's method, for the number of arms.
        p_equivalent: below 0.05: equal within the margin; NaN for one seed.
        seeds_to_settle: in all, for an effect of the size seen, corrected for the number of arms;
            None: over 1,000, or unknown.
        among: arms that are compared with the baseline.
        tests: exact McNemar test of each seed.
    """

    arm: str
    seeds: tuple[int | None, ...]
    across_seeds: Estimate
    across_pictures: Estimate
    p: float
    p_adjusted: float
    p_equivalent: float
    seeds_to_settle: int | None
    tests: tuple[McNemar, ...]
    margin: float
    among: int = 1

    @property
    def kind(self) -> str:
        """better, worse, equivalent, or open."""
        if len(self.seeds) < 2:
            return "open"
        if self.p_adjusted < ALPHA:
            return "better" if self.across_seeds.mean > 0 else "worse"
        return "equivalent" if self.p_equivalent < ALPHA else "open"

    @property
    def verdict(self) -> str:
        """In words, with what would settle it."""
        if not self.seeds:
            return "no seed with which both are finished"
        if len(self.seeds) < 2:
            return self._one_seed()
        if self.kind in ("better", "worse"):
            return f"{self.kind}{self._on_other_pictures()}"
        if self.kind == "equivalent":
            return f"equivalent within ±{100 * self.margin:g} points"
        if self.p < ALPHA:
            side = "better" if self.across_seeds.mean > 0 else "worse"
            corrected = f"but not once corrected for {self.among} comparisons"
            return f"{side} if it were the only arm, {corrected}; {self._to_settle()}"
        return f"not distinguishable with {len(self.seeds)} seeds; {self._to_settle()}"

    def _one_seed(self) -> str:
        if not self.across_pictures.excludes_zero:
            return "not distinguishable: within the noise of the test pictures (one seed)"
        side = "above" if self.across_pictures.mean > 0 else "below"
        return (
            f"{side} by more than the noise of the test pictures; one seed can't tell the arm"
            " from luck in training"
        )

    def _on_other_pictures(self) -> str:
        if self.across_pictures.excludes_zero:
            return ""
        return " on these test pictures; others might not show it"

    def _to_settle(self) -> str:
        if self.seeds_to_settle is None:
            return "an effect of this size can't be settled with 1,000 seeds"
        further = max(1, self.seeds_to_settle - len(self.seeds))
        return f"about {further:,} more would settle an effect of this size"

    def to_dict(self) -> dict[str, Any]:
        """For JSON; what is not known is null."""
        return {
            "arm": self.arm,
            "seeds": list(self.seeds),
            "effect": self.across_seeds.mean,
            "seed_interval": _interval(self.across_seeds),
            "picture_interval": _interval(self.across_pictures),
            "p": _known(self.p),
            "p_holm": _known(self.p_adjusted),
            "p_equivalent": _known(self.p_equivalent),
            "seeds_to_settle": self.seeds_to_settle,
            "mcnemar": [vars(test) for test in self.tests],
            "kind": self.kind,
            "verdict": self.verdict,
        }


def effects_of(contest: Contest, margin: float) -> tuple[Effect, ...]:
    """Every arm against the first, p values adjusted for their number."""
    found = [_effect(contest, arm, margin) for arm in contest.arms[1:]]
    among = len(found)
    adjusted = holm([effect.p for effect in found])
    return tuple(
        replace(effect, p_adjusted=p, among=among, seeds_to_settle=_seeds_to_settle(effect, among))
        for effect, p in zip(found, adjusted, strict=True)
    )


def _seeds_to_settle(effect: Effect, among: int) -> int | None:
    """By the size seen, at the strictest level of Holm's method."""
    deviation = effect.across_seeds.standard_deviation
    if not deviation or math.isnan(deviation):
        return None
    return seeds_needed(abs(effect.across_seeds.mean) / deviation, alpha=ALPHA / among)


def pairs(contest: Contest, arm: str) -> list[tuple[Contestant, Contestant]]:
    """(baseline, arm) with the same seed; a single training of each is a pair whatever its seed."""
    ours, theirs = contest.of(contest.arms[0]), contest.of(arm)
    if len(ours) == len(theirs) == 1:
        return [(ours[0], theirs[0])]
    by_seed = {c.seed: c for c in theirs}
    return [(c, by_seed[c.seed]) for c in ours if c.seed in by_seed]


def class_effects(contest: Contest, arm: str) -> list[tuple[str, float, Estimate]]:
    """For each class: its name, the baseline's accuracy, the effect with its interval.

    Across seeds; for one seed across test pictures.
    """
    paired = pairs(contest, arm)
    labels_N = contest.contestants[0].labels_N
    names = contest.contestants[0].classes
    rows = []
    for index in np.unique(labels_N):
        own_N = labels_N == index
        before_S = np.array([ours.right_N[own_N].mean() for ours, _ in paired])
        differences_S = [theirs.right_N[own_N].mean() for _, theirs in paired] - before_S
        estimate = (
            t_interval(differences_S)
            if len(paired) > 1
            else picture_bootstrap(mean_difference(paired)[own_N])
        )
        name = names[index] if names else str(index)
        rows.append((name, float(before_S.mean()), estimate))
    return rows


def mean_difference(paired: Sequence[tuple[Contestant, Contestant]]) -> NDArray[np.float64]:
    """[N] right (1) or wrong (0) of the arm minus the baseline's, mean over seeds."""
    differences = [theirs.right_N.astype(float) - ours.right_N for ours, theirs in paired]
    return np.asarray(np.mean(differences, axis=0))


def _effect(contest: Contest, arm: str, margin: float) -> Effect:
    paired = pairs(contest, arm)
    if not paired:
        empty = Estimate(math.nan, math.nan, math.nan, 0, math.nan)
        nan = math.nan
        return Effect(arm, (), empty, empty, nan, nan, nan, None, (), margin)
    differences_S = [theirs.accuracy - ours.accuracy for ours, theirs in paired]
    across_seeds = t_interval(differences_S)
    return Effect(
        arm=arm,
        seeds=tuple(theirs.seed for _, theirs in paired),
        across_seeds=across_seeds,
        across_pictures=picture_bootstrap(mean_difference(paired)),
        p=paired_t_test(differences_S),
        p_adjusted=math.nan,
        p_equivalent=equivalence(differences_S, margin),
        seeds_to_settle=None,
        tests=tuple(mcnemar(ours.right_N, theirs.right_N) for ours, theirs in paired),
        margin=margin,
    )


def _interval(estimate: Estimate) -> list[float] | None:
    return None if math.isnan(estimate.low) else [estimate.low, estimate.high]


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
