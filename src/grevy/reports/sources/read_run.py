"""Logs and predictions of a run, read once; what is damaged is named and left out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from grevy.classifier.run import Run
from grevy.errors import CorruptRecordError
from grevy.figures.numerals import counted
from grevy.records.predictions import Predictions
from grevy.records.results import SPLITS
from grevy.records.run import RunDirectory

Row = Mapping[str, Any]

STEP = {"step": int, "epoch": (int, float), "loss": (int, float, type(None))}
CHECK = {**STEP, "accuracy": (int, float)}
"""Fields that every row has, with their types."""


@dataclass(frozen=True)
class ReadRun:
    """What of a run could be read.

    Attributes:
        steps: rows of steps.jsonl; none if it is damaged.
        checks: rows of checks.jsonl; none if it is damaged.
        predictions: by split, train first; of those that the record or the folder has, whole.
        damage: by file, what is wrong with it, as a sentence.
    """

    steps: Sequence[Row]
    checks: Sequence[Row]
    predictions: Mapping[str, Predictions]
    damage: Mapping[str, str]


def read_run(run: Run, classes: int) -> ReadRun:
    """Read the logs, and the predictions of every split that has some.

    Args:
        run: any, finished or not.
        classes: how many its data has.
    """
    directory, damage = run.directory, dict[str, str]()

    def whole(path: Path, read: Callable[[Path], Any], otherwise: Any) -> Any:
        try:
            return read(path)
        except CorruptRecordError as error:
            damage[path.relative_to(run.path).as_posix()] = str(error)
            return otherwise

    steps_file, checks_file = directory.steps_file, directory.checks_file
    steps = whole(steps_file, lambda path: _rows(path, directory.read_steps(), STEP), [])
    checks = whole(checks_file, lambda path: _rows(path, directory.read_checks(), CHECK), [])
    files = {split: directory.predictions_file(split) for split in SPLITS}
    said = {
        split: whole(path, partial(_predictions, directory, split, classes), None)
        for split, path in files.items()
        if os.path.lexists(path) or directory.sum_of(path)
    }
    return ReadRun(steps, checks, {s: found for s, found in said.items() if found}, damage)


def _rows(path: Path, rows: Sequence[Row], fields: Mapping[str, Any]) -> list[Row]:
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict) or not all(
            name in row and isinstance(row[name], kind) for name, kind in fields.items()
        ):
            raise CorruptRecordError(
                f"{path}, line {number}, lacks a field",
                f"numbers for {', '.join(fields)}",
                "restore the file from a copy, or train again",
            )
    return list(rows)


def _predictions(directory: RunDirectory, split: str, classes: int, path: Path) -> Predictions:
    said = directory.read_predictions(split)
    n = len(said.ids)
    tables = (said.logits_NK, *said.extra_logits_NK.values())
    if (
        any(table.shape != (n, classes) for table in tables)
        or said.labels_N.shape != (n,)
        or (n and not 0 <= said.labels_N.min() <= said.labels_N.max() < classes)
    ):
        raise CorruptRecordError(
            f"predictions in {path} do not fit together",
            f"a label and {classes} logits for each of {n:,} pictures",
            "restore the file from a copy, or train again",
        )
    if broken := max(int((~np.isfinite(table).all(1)).sum()) for table in tables):
        raise CorruptRecordError(
            f"recorded logits that are not finite on {counted(broken, f'{path.stem} picture')}",
            "finite logits",
            "train again with a lower learning rate",
        )
    return said
