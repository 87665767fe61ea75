"""Per-picture predictions of somebody else's training, from a CSV or npz file."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grevy.data.natural import natural_key
from grevy.errors import PredictionsFileError

NAMES = {
    "id": ("id", "ids", "picture", "path", "file", "image"),
    "label": ("label", "labels", "true", "target", "targets", "y_true"),
    "prediction": ("prediction", "predictions", "predicted", "y_pred"),
    "logits": ("logits", "probabilities", "scores"),
}
"""Column or array names that are understood, for each meaning."""

_HELP = (
    "columns or arrays named label and prediction (npz: or logits), and id where the order differs"
)


@dataclass(frozen=True)
class Imported:
    """What somebody else's network said.

    Attributes:
        name: of the file, without `-seed3`.
        seed: from `-seed3` at the end of the file's name.
        classes: names in natural order; empty where labels are numbers.
    """

    name: str
    seed: int | None
    right_N: NDArray[np.bool_]
    labels_N: NDArray[np.int64]
    ids: tuple[str, ...]
    classes: tuple[str, ...]


def read_predictions(path: Path) -> Imported:
    """Read a CSV with a header, or an npz.

    Raises:
        PredictionsFileError: not there, not readable, without labels or predictions, or of unequal
            lengths.
    """
    try:
        columns = _from_npz(path) if path.suffix == ".npz" else _from_csv(path)
    except (OSError, ValueError, csv.Error) as error:
        raise PredictionsFileError(f"{path} can't be read ({error})", _HELP, "check it") from None
    labels, answers = columns.get("label"), _answers(columns)
    if labels is None or answers is None:
        had = ", ".join(columns) or "nothing known"
        raise PredictionsFileError(f"{path} with {had}", _HELP, "rename them")
    lengths = {len(labels), len(answers), len(columns.get("id", labels))}
    if len(lengths) > 1 or not len(labels):
        raise PredictionsFileError(
            f"{path} with columns of {sorted(lengths)} entries", "one for each picture", "mend it"
        )
    ids = tuple(str(value) for value in columns.get("id", ()))
    if len(set(ids)) < len(ids):
        raise PredictionsFileError(f"{path} with an id twice", "an id a picture", "mend it")
    labels_N, answers_N, classes = _as_numbers(labels, answers, path)
    named = re.fullmatch(r"(.+?)[-_]seed[-_]?(\d+)", path.stem)
    name, seed = (named[1], int(named[2])) if named else (path.stem, None)
    return Imported(name, seed, labels_N == answers_N, labels_N, ids, classes)


def _from_csv(path: Path) -> dict[str, Sequence[Any]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file, strict=True))
    if any(None in row or None in row.values() for row in rows):
        raise ValueError("a row with more or fewer cells than the header")
    return {} if not rows else _known({name: [row[name] for row in rows] for name in rows[0]})


def _from_npz(path: Path) -> dict[str, Sequence[Any]]:
    with np.load(path, allow_pickle=False) as arrays:
        return _known({name: arrays[name] for name in arrays.files})


def _known(columns: dict[str, Any]) -> dict[str, Sequence[Any]]:
    lower = {name.strip().lower(): value for name, value in columns.items()}
    return {
        meaning: lower[name] for meaning, names in NAMES.items() for name in names if name in lower
    }


def _answers(columns: dict[str, Sequence[Any]]) -> Sequence[Any] | None:
    if "prediction" in columns:
        return columns["prediction"]
    logits = columns.get("logits")
    return np.asarray(logits).argmax(1) if logits is not None and np.ndim(logits) == 2 else None


def _as_numbers(
    labels: Sequence[Any], answers: Sequence[Any], path: Path
) -> tuple[NDArray[np.int64], NDArray[np.int64], tuple[str, ...]]:
    """Numbers as they are; names as indices into the classes in natural order."""
    both = [str(value).strip() for value in [*labels, *answers]]
    if all(re.fullmatch(r"-?\d+", value) for value in both):
        numbers = np.array(both, np.int64)
        return numbers[: len(labels)], numbers[len(labels) :], ()
    known = sorted(set(both[: len(labels)]), key=natural_key)
    index = {name: number for number, name in enumerate(known)}
    if strange := set(both[len(labels) :]) - set(index):
        raise PredictionsFileError(
            f"{path} with the prediction '{min(strange)}'",
            f"one of the labels {', '.join(known[:10])}",
            "use the same names or the same numbers for labels and predictions",
        )
    numbers = np.array([index[value] for value in both], np.int64)
    return numbers[: len(labels)], numbers[len(labels) :], tuple(known)
