"""Over- and underfitting in words, from the two loss curves of a run."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FLAT = 0.02
"""A loss that changed by less than this part of itself stood still."""

WIDE = 0.25
"""A gap of more than this part of the validation loss is wide."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Diagnosis:
    """Two losses at the checks of one run.

    Attributes:
        epoch_C: of each check.
        train_C: train loss, of a sample measured as validation is; where a record has none, the
            mean since the check before.
        validation_C: validation loss.
    """

    epoch_C: Floats
    train_C: Floats
    validation_C: Floats

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
        """overfits, underfits, still learning, or balanced; by the thresholds of this module.

        overfits: after the turn validation loss rose while train loss fell. still learning: both
        were falling at the end. underfits: both stood still and the gap is narrow.
        """
        rise = self.validation_C[-1] / self.validation_C[self.turn] - 1
        fall = 1 - self.train_C[-1] / self.train_C[self.turn]
        if self.turn < len(self.validation_C) - 1 and rise > FLAT and fall > FLAT:
            return "overfits"
        if self._falling(self.train_C) and self._falling(self.validation_C):
            return "still learning"
        narrow = self.gap_C[-1] < WIDE * self.validation_C[-1]
        return "underfits" if narrow and not self._falling(self.train_C) else "balanced"

    def _falling(self, loss_C: Floats) -> bool:
        """Whether the last fifth of the checks is below the fifth before it."""
        fifth = max(1, len(loss_C) // 5)
        if len(loss_C) < 2 * fifth:
            return False
        return bool(loss_C[-fifth:].mean() < (1 - FLAT) * loss_C[-2 * fifth : -fifth].mean())

    @property
    def words(self) -> str:
        """One or two sentences with the figures that they rest on."""
        end, turn = len(self.epoch_C) - 1, self.turn
        gap = f"gap {self.gap_C[turn]:.2f} at the best check (epoch {self.epoch_C[turn]:.1f})"
        trend = f"{gap}, {self.gap_C[end]:.2f} at the end" if turn < end else gap
        if self.kind == "overfits":
            rise = 100 * (self.validation_C[end] / self.validation_C[turn] - 1)
            return (
                f"overfits after epoch {self.epoch_C[turn]:.1f}: validation loss rose {rise:.0f} % "
                f"while train loss went on falling; {trend}"
            )
        if self.kind == "still learning":
            return f"still learning when it ended: both losses were falling; {trend}"
        if self.kind == "underfits":
            return f"underfits: both losses stand still close together; {trend}"
        return f"balanced: validation loss did not turn; {trend}"


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
    )


def measured_alike(checks: Sequence[Mapping[str, Any]]) -> bool:
    """Whether every check has a plain train loss beside its validation loss."""
    return all(check.get("train_loss") is not None for check in checks)


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
