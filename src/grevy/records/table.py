"""Runs as rows of one table."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from grevy.errors import (
    CorruptRecordError,
    DataNotFoundError,
    RecipeError,
    RunNotFoundError,
    UsageError,
)
from grevy.recipes.own_changes import changes_in_words, own_changes, recipe_of_that_name
from grevy.records.index import find_runs
from grevy.records.results import SPLITS
from grevy.records.run import RunDirectory
from grevy.records.run_record import RunRecord

COLUMNS = (
    "run",
    "status",
    "data",
    "recipe",
    "network",
    "differs",
    "seed",
    "steps",
    *SPLITS,
    "seconds",
    "created",
    "error",
)

CHANGES = 3
"""Of a recipe that a cell has room for."""

SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}


def list_runs(folder: str | Path = "runs") -> list[dict[str, Any]]:
    """One row a run at any depth below a folder, or of a run, with the columns of `COLUMNS`.

    A damaged record is a row that says so, with the reason as its `error`. Accuracies are those of
    the best check's weights, None where the run is not finished. `differs` tells what the recipe
    changes in the one that comes with Grevy under its name: nothing is "", None is not known.

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
    row: dict[str, Any] = {**dict.fromkeys(COLUMNS), "run": str(directory.path)}
    try:
        record = directory.read()
    except (CorruptRecordError, RunNotFoundError) as damage:
        return {**row, "status": "damaged", "error": str(damage)}
    results = record.results
    accuracies = {n: s.accuracy for n, s in results.splits.items()} if results else {}
    return {
        **row,
        "status": str(record.status),
        "data": record.data.name,
        "recipe": record.recipe_name,
        "seed": record.seed,
        "steps": results.steps if results else None,
        **accuracies,
        "seconds": results.seconds.training if results else None,
        "created": record.created,
        "error": record.error,
        **_of_recipe(record),
    }


def _of_recipe(record: RunRecord) -> dict[str, str | None]:
    """Network and differences; a recipe of another Grevy that can't be read has none."""
    try:
        recipe = record.load_recipe()
    except (RecipeError, ValueError, TypeError) as error:  # whatever a record may hold
        return {"error": str(error)}
    known = recipe_of_that_name(recipe) is not None
    differs = changes_in_words(own_changes(recipe), CHANGES) if known else None
    return {"network": recipe.model.name, "differs": differs}


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
