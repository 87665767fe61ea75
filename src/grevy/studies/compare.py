"""The comparison of several arms: everything that is known, as one value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np

from grevy.studies.contestants import Contestant, Field, read_field
from grevy.studies.cost import Cost, costs_of
from grevy.studies.effects import Effect, class_effects, effects_of, mean_difference, pairs
from grevy.studies.fit import Fit, fit_of
from grevy.studies.statistics import Estimate, t_interval
from grevy.studies.study import MARGIN

if TYPE_CHECKING:
    from grevy.classifier.run import Run

Place: TypeAlias = "str | Path | Run"
"""A run, its directory, a folder of runs, a study, or a file of predictions; NAME=PLACE."""


@dataclass(frozen=True)
class Flipped:
    """Test pictures on which an arm and the baseline differ most, over all seeds.

    Attributes:
        turned_right: rows of the test split, the clearest first.
        turned_wrong: the same for those that the arm lost.
        change_N: mean over seeds of right (1) or wrong (0), arm minus baseline.
    """

    turned_right: tuple[int, ...]
    turned_wrong: tuple[int, ...]
    change_N: tuple[float, ...]


@dataclass(frozen=True)
class Comparison:
    """What `grevy compare` and `grevy study` know about their arms, the baseline first."""

    field: Field
    effects: tuple[Effect, ...]
    costs: tuple[Cost, ...]
    margin: float

    def accuracy(self, arm: str) -> Estimate:
        """Mean test accuracy and its t interval over seeds."""
        return t_interval([c.accuracy for c in self.field.of(arm)])

    def accuracies(self, arm: str, split: str) -> list[float]:
        """Of every training, on a split that the record has."""
        results = [c.record.results for c in self.field.of(arm) if c.record]
        return [r.splits[split].accuracy for r in results if r and split in r.splits]

    def fits(self, arm: str) -> list[Fit]:
        """The loss curves of every recorded training."""
        found = (fit_of(c.steps(), c.checks()) for c in self.field.of(arm))
        return [fit for fit in found if fit]

    def flipped(self, arm: str) -> Flipped:
        """Which pictures the arm won and lost."""
        change_N = mean_difference(pairs(self.field, arm))
        order = np.argsort(-np.abs(change_N), kind="stable")
        won, lost = order[change_N[order] > 0], order[change_N[order] < 0]
        return Flipped(tuple(won.tolist()), tuple(lost.tolist()), tuple(change_N.tolist()))

    def first(self, arm: str) -> Contestant:
        """The arm's training with the lowest seed."""
        return self.field.of(arm)[0]

    def to_dict(self) -> dict[str, Any]:
        """For comparison.json and --json."""
        return {
            "baseline": self.field.arms[0],
            "margin": self.margin,
            "test_pictures": len(self.field.contestants[0].right_N),
            "arms": [self._arm(cost) for cost in self.costs],
            "effects": [self._effect(effect) for effect in self.effects],
            "failed": [{**vars(f), "source": str(f.source)} for f in self.field.failed],
        }

    def _arm(self, cost: Cost) -> dict[str, Any]:
        runs = self.field.of(cost.arm)
        fits = self.fits(cost.arm)
        return {
            "arm": cost.arm,
            "seeds": [c.seed for c in runs],
            "test": list(cost.accuracies),
            "validation": self.accuracies(cost.arm, "validation"),
            "train": self.accuracies(cost.arm, "train"),
            "seconds": None if math.isnan(cost.seconds) else cost.seconds,
            "flops": None if math.isnan(cost.flops) else cost.flops,
            "machines": list(cost.machines),
            "fit": fits[0].words if fits else None,
            "sources": [str(c.source) for c in runs],
        }

    def _effect(self, effect: Effect) -> dict[str, Any]:
        classes = [
            {"class": name, "baseline": before, "effect": e.mean, "interval": [e.low, e.high]}
            for name, before, e in class_effects(self.field, effect.arm)
        ]
        return {**effect.to_dict(), "classes": classes}


def compare(
    places: Place | Sequence[Place], *, baseline: str | None = None, margin: float = MARGIN
) -> Comparison:
    """Compare runs, folders of runs, studies, and predictions of others.

    Args:
        places: one or several; see `read_field`.
        baseline: the arm that the others are compared with.
        margin: accuracies that differ by less are equal for practical purposes.

    Raises:
        GrevyError: as `read_field`.
    """
    one = isinstance(places, str | Path) or hasattr(places, "directory")
    several = cast("Sequence[Place]", [places] if one else places)
    names = [str(place if isinstance(place, str | Path) else place.path) for place in several]
    field = read_field(names, baseline)
    return Comparison(field, effects_of(field, margin), costs_of(field), margin)
