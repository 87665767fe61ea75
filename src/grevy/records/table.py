"""Runs as rows of one table."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from grevy.errors import CorruptRecordError, DataNotFoundError, UsageError
from grevy.records.results import SPLITS
from grevy.records.run import RunDirectory, find_runs

COLUMNS = (
    "run",
    "status",
    "data",
    "recipe",
    "seed",
    "steps",
    *SPLITS,
    "seconds",
    "created",
)


SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}


def list_runs(folder: str | Path = "runs") -> list[dict[str, Any]]:
    """One row a run, with the columns of `COLUMNS`; a damaged record is a row that says so.

    Accuracies are those of the best check's weights, None where the run is not finished.

    Raises:
        DataNotFoundError: there is no such folder.
    """
    place = Path(folder)
    if not place.is_dir():
        raise DataNotFoundError(
            f"no folder {place}", "a folder of run directories", "train first: grevy train digits"
        )
    return [_row(directory) for directory in find_runs(place)]


def filter_runs(rows: Iterable[Mapping[str, Any]], conditions: Sequence[str]) -> list[Any]:
    """Rows that meet every condition, such as `recipe=base` or `test>0.7`.

    Raises:
        UsageError: a condition that can't be understood.
    """
    tests = [_condition(text) for text in conditions]
    return [row for row in rows if all(test(row) for test in tests)]


def sort_runs(rows: Iterable[Mapping[str, Any]], column: str) -> list[Any]:
    """Rows by a column, rising; `-column` falling. Rows without a value come last.

    Raises:
        UsageError: no such column.
    """
    name = _column(column.removeprefix("-"))
    have = [row for row in rows if row[name] is not None]
    lack = [row for row in rows if row[name] is None]
    return sorted(have, key=lambda row: row[name], reverse=column.startswith("-")) + lack


def _row(directory: RunDirectory) -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys(COLUMNS)
    try:
        record = directory.read()
    except CorruptRecordError:
        return {**empty, "run": str(directory.path), "status": "damaged"}
    results = record.results
    accuracies = {n: s.accuracy for n, s in results.splits.items()} if results else {}
    return {
        **empty,
        "run": str(directory.path),
        "status": str(record.status),
        "data": record.data.name,
        "recipe": record.recipe_name,
        "seed": record.seed,
        "steps": results.steps if results else None,
        **accuracies,
        "seconds": results.seconds.training if results else None,
        "created": record.created,
    }


def _condition(text: str) -> Callable[[Mapping[str, Any]], bool]:
    for sign, holds in SIGNS.items():
        name, found, wanted = text.partition(sign)
        if found:
            column = _column(name.strip())
            return lambda row: _holds(row[column], wanted.strip(), holds)
    raise UsageError(f"condition '{text}'", "a column, a sign and a value", "try: test>0.7")


def _holds(value: Any, wanted: str, holds: Callable[[Any, Any], bool]) -> bool:
    """Numbers are compared as numbers, texts as texts; what is not known meets only `!=`."""
    if value is None:
        return holds is operator.ne
    if not isinstance(value, int | float):
        return holds(str(value), wanted)
    try:
        return holds(float(value), float(wanted))
    except ValueError:
        raise UsageError(f"'{wanted}' beside numbers", "a number", "correct --where") from None


def _column(name: str) -> str:
    if name not in COLUMNS:
        raise UsageError(
            f"column '{name}'", f"one of {', '.join(COLUMNS)}", "correct --sort or --where"
        )
    return name
