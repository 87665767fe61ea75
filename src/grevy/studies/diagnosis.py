"""Over- and underfitting in words, from the two loss curves of a run.

A curve says only what its noise could not have said. Two losses of one split are compared picture
by picture, where the record has the standard errors of such differences (`loss_change_error`);
where it has not, only an order of the checks counts that chance hardly gives.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

FLAT = 0.02
"""A loss that changed by less than this part of itself stood still."""

WIDE = 0.25
"""A gap of more than this part of the validation loss is wide."""

LEAST = 4
"""Checks; with fewer no order of them is rarer than the level."""

STEADY = 6
"""Checks whose order is looked at; of fewer, one that does not fit leaves nothing to be said."""

LEVEL = 0.05
"""How often chance alone may give a sentence that says over- or underfitting."""

LOW = -math.log(0.9)
"""A train loss below it is no underfitting: the truth is given a probability of nine tenths."""

_NORMAL = float(stats.norm.isf(LEVEL))

TOO_FEW = "too few checks for a diagnosis"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Noise:
    """How far the losses of C checks are known, as standard errors; NaN where it is not recorded.

    Attributes:
        loss_C: of the mean loss over pictures.
        change_C: of its difference to the best check before, each picture compared with itself.
    """

    loss_C: Floats
    change_C: Floats


def unknown() -> Noise:
    """Of records that have no errors."""
    return Noise(np.empty(0), np.empty(0))


@dataclass(frozen=True)
class Diagnosis:
    """Two losses at the checks of one run.

    Attributes:
        epoch_C: of each check.
        train_C: train loss, of a sample measured as validation is; where a record has none, the
            mean since the check before.
        validation_C: validation loss.
        of_train: how far train loss is known.
        of_validation: how far validation loss is known.
    """

    epoch_C: Floats
    train_C: Floats
    validation_C: Floats
    of_train: Noise = field(default_factory=unknown)
    of_validation: Noise = field(default_factory=unknown)

    @property
    def gap_C(self) -> Floats:
        """Validation minus train loss: what does not carry over to new pictures."""
        return self.validation_C - self.train_C

    @property
    def turn(self) -> int:
        """The check with the lowest validation loss."""
        return int(np.argmin(self.validation_C))

    @property
    def kind(self) -> str:
        """Too few checks for a diagnosis, overfits, still learning, underfits, balanced, not clear.

        - overfits: after the lowest validation loss (the turn) it rose and train loss fell, both by
          more than `FLAT` and beyond noise, and it ends above train loss beyond noise
        - still learning: validation loss was falling at the end, by as much and beyond noise
        - underfits: both stand still, the gap is narrow, and train loss is not `LOW`
        - balanced: validation loss stands still otherwise
        - not clear: it moved, and noise might have moved it, or the rest does not fit
        """
        return self._found[0]

    @property
    def words(self) -> str:
        """One or two sentences with the figures that they rest on."""
        kind, why = self._found
        end, turn = len(self.epoch_C) - 1, self.turn
        gap = f"gap {self.gap_C[turn]:.2f} at the best check (epoch {self.epoch_C[turn]:.1f})"
        trend = f", {self.gap_C[end]:.2f} at the end" if turn < end else ""
        return f"{kind}{why}" if kind == TOO_FEW else f"{kind}{why}; {gap}{trend}"

    @cached_property
    def _found(self) -> tuple[str, str]:
        """The kind, and what it rests on."""
        count = len(self.epoch_C)
        if count < LEAST:
            return TOO_FEW, f": there are {count}, and it takes {LEAST}"
        if part(self.validation_C[self.turn], self.validation_C[-1]) > FLAT:
            return self._risen()
        if stands_still(self.validation_C):
            return self._still()
        if not fallen(self.validation_C):
            return (
                "not clear",
                ": validation loss neither stands still nor falls steadily at the end",
            )
        if not self._learning_is_sure:
            return "not clear", ": validation loss fell at the end, but not beyond noise"
        falling = "both losses were" if fallen(self.train_C) else "validation loss was"
        return "still learning", f" when it ended: {falling} falling"

    def _still(self) -> tuple[str, str]:
        """Validation loss moves no more."""
        if not stands_still(self.train_C):
            falls = " while train loss falls" if fallen(self.train_C) else ""
            return "balanced", f": validation loss stands still{falls}"
        narrow = self.gap_C[-1] < WIDE * self.validation_C[-1]
        if narrow and self.train_C[-1] > LOW:
            if self._underfitting_is_sure:
                return "underfits", ": both losses stand still close together"
            return "not clear", ": both losses stand still, and how close together may be noise"
        return "balanced", f": both losses stand still{' close together' if narrow else ''}"

    def _risen(self) -> tuple[str, str]:
        """Validation loss ends higher than it was."""
        best, end = float(self.validation_C[self.turn]), float(self.validation_C[-1])
        epoch, rise = f"epoch {self.epoch_C[self.turn]:.1f}", part(best, end)
        much = f"{100 * rise:.0f} %" if rise < 10 else f"from {best:.2g} to {end:.2g}"
        if not self._rise_is_sure:
            seen = len(self.epoch_C) - 1 - self.turn
            why = "one check alone shows it" if seen == 1 else "it may be noise"
            return "not clear", f": validation loss rose {much} after {epoch}, but {why}"
        risen = f" after {epoch}: validation loss rose {much}"
        if not self._fall_is_sure:
            return "not clear", f"{risen}, but train loss did not clearly fall"
        if not self._gap_is_sure:
            return "not clear", f"{risen}, but is not clearly above train loss"
        return "overfits", f"{risen} while train loss went on falling"

    @property
    def _rise_is_sure(self) -> bool:
        """Whether the last two checks are above the turn, whichever of all checks that had been.

        One-sided, with Bonferroni's correction for the choice of the turn (Dunn 1961). Without
        errors the checks after the turn must go up in their order.
        """
        after_C = self.validation_C[self.turn + 1 :]
        if len(after_C) < 2:
            return False
        error_C = self.of_validation.change_C[-2:]
        if not _known(error_C):
            return trend(after_C) > 0
        normal = float(stats.norm.isf(LEVEL / len(self.epoch_C)))
        return bool((after_C[-2:] - self.validation_C[self.turn] > normal * error_C).all())

    @property
    def _fall_is_sure(self) -> bool:
        """Whether train loss is lower than at the turn: by more than `FLAT`, beyond its errors."""
        before, end = self.train_C[self.turn], self.train_C[-1]
        error_C = self.of_train.change_C[-1:]
        sure = not _known(error_C) or before - end > _NORMAL * error_C[0]
        return bool(part(before, end) < -FLAT and sure)

    @property
    def _learning_is_sure(self) -> bool:
        """Whether validation loss fell beyond its errors among the recent checks.

        What is known are the errors of each new best against the best before; that of the way
        from the first to the last of them is at most their sum.
        """
        loss_C, before = self.validation_C, len(self.validation_C) - len(recent(self.validation_C))
        best_C = np.minimum.accumulate(loss_C)
        error_C = self.of_validation.change_C[before + 1 :]
        if not _known(error_C):
            return True
        error = error_C[best_C[before + 1 :] < best_C[before:-1]].sum()
        return bool(best_C[before] - best_C[-1] > _NORMAL * error)

    @property
    def _gap_error(self) -> float:
        """Standard error of the gap at the end, whose losses are of different pictures; or 0."""
        errors = [*self.of_train.loss_C[-1:], *self.of_validation.loss_C[-1:]]
        return math.hypot(*errors) if _known(np.array(errors)) else 0.0

    @property
    def _gap_is_sure(self) -> bool:
        """Whether validation loss ends above train loss."""
        return bool(self.gap_C[-1] > _NORMAL * self._gap_error)

    @property
    def _underfitting_is_sure(self) -> bool:
        """Whether the gap is narrow and train loss not `LOW`, also at the ends of their noise."""
        wide, error_C = WIDE * self.validation_C[-1], self.of_train.loss_C[-1:]
        error = error_C[0] if _known(error_C) else 0.0
        narrow = self.gap_C[-1] + _NORMAL * self._gap_error < wide
        return bool(narrow and self.train_C[-1] - _NORMAL * error > LOW)


def _known(error_C: Floats) -> bool:
    return bool(len(error_C) and np.isfinite(error_C).all())


def recent(loss_C: Floats, least: int = LEAST) -> Floats:
    """The last two fifths of the checks, and at least so many."""
    return loss_C[-max(least, 2 * (len(loss_C) // 5)) :]


def fallen(loss_C: Floats) -> bool:
    """Whether a loss was falling at the end: by more than `FLAT`, and in an order that says so.

    Its least value is then one of the last two.
    """
    lately = np.argmin(loss_C) >= len(loss_C) - 2
    return bool(lately and change(loss_C) < -FLAT and trend(recent(loss_C, STEADY)) < 0)


def stands_still(loss_C: Floats) -> bool:
    """Whether a loss changed by no more than `FLAT` at the end."""
    return abs(change(loss_C)) <= FLAT


def change(loss_C: Floats) -> float:
    """From the first to the second half of the recent checks, as a part of the first."""
    before_C, after_C = np.array_split(recent(loss_C), 2)
    return part(before_C.mean(), after_C.mean())


def part(before: float, after: float) -> float:
    """What came to a loss as a part of it; of a loss of 0 infinite, unless it stays."""
    if before == 0:
        return math.inf if after > 0 else 0.0
    return float(after / before - 1)


def trend(loss_C: Floats) -> int:
    """−1 where values go down in their order, 1 where they go up, 0 where chance might do that.

    The test of Mann (1945) with Kendall's tau, one-sided at `LEVEL`: four values must all be in
    order.
    """
    if len(np.unique(loss_C)) < LEAST:
        return 0
    for direction, side in ((-1, "less"), (1, "greater")):
        found = stats.kendalltau(np.arange(len(loss_C)), loss_C, alternative=side)
        if found.pvalue < LEVEL:
            return direction
    return 0


def diagnose(
    steps: Sequence[Mapping[str, Any]], checks: Sequence[Mapping[str, Any]]
) -> Diagnosis | None:
    """From the rows of a record; None without two checks with a finite loss.

    Where the checks did not measure train loss as they do validation loss (`check_train` off, or a
    record from before), it is that of training: with augmentation, dropout or label smoothing of
    the harder task, so that the gap is smaller than on plain pictures.
    """
    finite = [check for check in checks if check["loss"] is not None]
    if len(finite) < 2:
        return None
    return Diagnosis(
        np.array([check["epoch"] for check in finite], np.float64),
        _train_losses(steps, finite),
        np.array([check["loss"] for check in finite], np.float64),
        _noise(finite, "train_") if measured_alike(finite) else unknown(),
        _noise(finite, ""),
    )


def measured_alike(checks: Sequence[Mapping[str, Any]]) -> bool:
    """Whether every check has a plain train loss beside its validation loss."""
    return all(check.get("train_loss") is not None for check in checks)


def _noise(checks: Sequence[Mapping[str, Any]], prefix: str) -> Noise:
    """None where it is not recorded, which becomes NaN."""
    loss_C, change_C = (
        np.array([check.get(f"{prefix}{name}") for check in checks], np.float64)
        for name in ("loss_error", "loss_change_error")
    )
    return Noise(loss_C, change_C)


def _train_losses(
    steps: Sequence[Mapping[str, Any]], checks: Sequence[Mapping[str, Any]]
) -> Floats:
    if measured_alike(checks):
        return np.array([check["train_loss"] for check in checks], np.float64)
    step_N = np.array([row["step"] for row in steps], np.float64)
    loss_N = np.array([row["loss"] for row in steps], np.float64)
    ends = [0, *(check["step"] for check in checks)]
    means = [
        loss_N[(step_N > begin) & (step_N <= end)].mean() for begin, end in itertools.pairwise(ends)
    ]
    return np.array(means, np.float64)
