"""The comparison of several arms: everything that is known, as one value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np

from grevy.studies.contest import read_contest
from grevy.studies.contestants import Contest, Contestant
from grevy.studies.cost import Cost, costs_of
from grevy.studies.diagnosis import Diagnosis, diagnose
from grevy.studies.effects import Effect, class_effects, effects_of, mean_difference, pairs
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

    contest: Contest
    effects: tuple[Effect, ...]
    costs: tuple[Cost, ...]
    margin: float

    def accuracy(self, arm: str) -> Estimate:
        """Mean test accuracy and its t interval over seeds."""
        return t_interval([c.accuracy for c in self.contest.of(arm)])

    def accuracies(self, arm: str, split: str) -> list[float]:
        """Of every training, on a split that the record has."""
        results = [c.record.results for c in self.contest.of(arm) if c.record]
        return [r.splits[split].accuracy for r in results if r and split in r.splits]

    def diagnoses(self, arm: str) -> list[Diagnosis]:
        """The loss curves of every recorded training."""
        found = (diagnose(c.steps(), c.checks()) for c in self.contest.of(arm))
        return [diagnosis for diagnosis in found if diagnosis]

    def flipped(self, arm: str) -> Flipped:
        """Which pictures the arm won and lost."""
        change_N = mean_difference(pairs(self.contest, arm))
        order = np.argsort(-np.abs(change_N), kind="stable")
        won, lost = order[change_N[order] > 0], order[change_N[order] < 0]
        return Flipped(tuple(won.tolist()), tuple(lost.tolist()), tuple(change_N.tolist()))

    def pairing_note(self, arm: str) -> str | None:
        """What is not sure about an arm's pairs of pictures; None where ids pair them."""
        paired = [c for pair in pairs(self.contest, arm) for c in pair]
        if not any(c.by_order for c in paired):
            return None
        return (
            f"{arm}: paired row by row, because it was said that the order is the same"
            " (--same-order); without ids nothing shows it, and if it is not so, intervals over"
            " pictures and p are wrong"
        )

    def first(self, arm: str) -> Contestant:
        """The arm's training with the lowest seed."""
        return self.contest.of(arm)[0]

    def to_dict(self) -> dict[str, Any]:
        """For comparison.json and --json."""
        return {
            "baseline": self.contest.arms[0],
            "margin": self.margin,
            "test_pictures": len(self.contest.contestants[0].right_N),
            "arms": [self._arm(cost) for cost in self.costs],
            "effects": [self._effect(effect) for effect in self.effects],
            "paired_by_order": [str(c.source) for c in self.contest.unproven],
            "failed": [{**vars(f), "source": str(f.source)} for f in self.contest.failed],
        }

    def _arm(self, cost: Cost) -> dict[str, Any]:
        runs = self.contest.of(cost.arm)
        diagnoses = self.diagnoses(cost.arm)
        return {
            "arm": cost.arm,
            "seeds": [c.seed for c in runs],
            "test": list(cost.accuracies),
            "validation": self.accuracies(cost.arm, "validation"),
            "train": self.accuracies(cost.arm, "train"),
            "seconds": None if math.isnan(cost.seconds) else cost.seconds,
            "flops": None if math.isnan(cost.flops) else cost.flops,
            "machines": list(cost.machines),
            "fit": diagnoses[0].words if diagnoses else None,
            "sources": [str(c.source) for c in runs],
        }

    def _effect(self, effect: Effect) -> dict[str, Any]:
        classes = [
            {"class": name, "baseline": before, "effect": e.mean, "interval": [e.low, e.high]}
            for name, before, e in class_effects(self.contest, effect.arm)
        ]
        return {**effect.to_dict(), "classes": classes}


def compare(
    places: Place | Sequence[Place],
    *,
    baseline: str | None = None,
    margin: float = MARGIN,
    same_order: bool = False,
) -> Comparison:
    """Compare runs, folders of runs, studies, and predictions of others.

    Args:
        places: one or several; see `read_contest`.
        baseline: the arm that the others are compared with.
        margin: accuracies that differ by less are equal for practical purposes.
        same_order: files without picture ids have the pictures in the order of the others, which
            nothing shows; the result says that they were paired so.

    Raises:
        GrevyError: as `read_contest`.
    """
    one = isinstance(places, str | Path) or hasattr(places, "directory")
    several = cast("Sequence[Place]", [places] if one else places)
    names = [str(place if isinstance(place, str | Path) else place.path) for place in several]
    contest = read_contest(names, baseline, same_order=same_order)
    return Comparison(contest, effects_of(contest, margin), costs_of(contest), margin)
