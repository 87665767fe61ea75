"""What is compared: trainings of one arm each, by Grevy or by anybody, on the same pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grevy.records.run import RunDirectory
from grevy.records.run_record import RunRecord


@dataclass(frozen=True)
class Contestant:
    """One training and its answers on the test split.

    Attributes:
        source: run directory or file.
        arm: what it is compared as.
        seed: None where nobody said.
        right_N: whether it was right, for each test picture.
        labels_N: class of each picture.
        ids: of each picture; empty where no place has any.
        classes: names; numbers where no place has names.
        record: of the run; None for an imported file.
        by_order: paired with the others by the order of rows, because the user says that it is
            the same, and not by ids.
    """

    source: Path
    arm: str
    seed: int | None
    right_N: NDArray[np.bool_]
    labels_N: NDArray[np.int64]
    ids: tuple[str, ...]
    classes: tuple[str, ...]
    record: RunRecord | None = None
    by_order: bool = False

    @property
    def accuracy(self) -> float:
        """On the test split."""
        return float(self.right_N.mean())

    @property
    def directory(self) -> RunDirectory:
        """Of a run by Grevy."""
        return RunDirectory(self.source)

    def checks(self) -> list[dict[str, Any]]:
        """Rows of checks.jsonl; none for an imported file."""
        return self.directory.read_checks() if self.record else []

    def steps(self) -> list[dict[str, Any]]:
        """Rows of steps.jsonl; none for an imported file."""
        return self.directory.read_steps() if self.record else []


@dataclass(frozen=True)
class Failed:
    """A run that has no result: it is shown, and never averaged away."""

    source: Path
    arm: str
    seed: int | None
    why: str

    @property
    def what(self) -> str:
        """Arm and seed, and why."""
        seed = "" if self.seed is None else f", seed {self.seed}"
        return f"{self.arm}{seed} ({self.why})"


@dataclass(frozen=True)
class Contest:
    """All contestants, on the same pictures in the same order.

    Attributes:
        arms: names, the baseline first.
    """

    arms: tuple[str, ...]
    contestants: tuple[Contestant, ...]
    failed: tuple[Failed, ...]

    def of(self, arm: str) -> tuple[Contestant, ...]:
        """The trainings of one arm, by seed."""
        own = (c for c in self.contestants if c.arm == arm)
        return tuple(sorted(own, key=lambda c: -1 if c.seed is None else c.seed))

    @property
    def unproven(self) -> tuple[Contestant, ...]:
        """Those that were paired by the order of their rows."""
        return tuple(c for c in self.contestants if c.by_order)
