"""`grevy runs`: a table of the runs on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from grevy.cli.duration import in_words
from grevy.cli.output import Output, shown
from grevy.documents.suffixes import TABLES, listed
from grevy.errors import UsageError
from grevy.records.slim import slim_runs
from grevy.records.table import COLUMNS, filter_runs, list_runs, sort_runs
from grevy.words.parse import parse

SHOWN = ("run", "status", "network", "differs", "validation", "test", "time")
"""What fits on 80 to 100 columns; --json and CSV have the rest."""

NUMBERS = ("seed", "steps", "train", "validation", "test", "seconds", "time")
"""Columns that are set to the right."""


@dataclass(frozen=True)
class RunsArguments:
    """A table of the runs in a folder: sorted, filtered."""

    folder: Annotated[Path, tyro.conf.Positional] = Path("runs")
    """Folder of run directories, at any depth; or one of them."""

    sort: str = "created"
    """A column: run, status, data, recipe, network, differs, seed, steps, train, validation, test,
    seconds, created, error; with a minus in front, falling: --sort=-test."""

    where: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Only runs that meet this, such as recipe=base or test>0.7. May be given several times."""

    out: Annotated[
        Path | None, tyro.conf.arg(help=f"Write the table to this file: {listed(TABLES)}.")
    ] = None

    slim: tuple[str, ...] | None = None
    """Free what finished runs no longer need, the checkpoints: of the runs of these names, or of
    all in the folder that meet --where. Weights, predictions and logs stay."""

    json: bool = False
    """Print one JSON object and nothing else."""


def main(words: list[str]) -> None:
    """Parse, read, print."""
    arguments = parse(RunsArguments, "runs", words)
    output = Output(arguments.json)
    if arguments.slim is not None:
        _slim(arguments, arguments.slim, output)
        return
    rows = sort_runs(filter_runs(list_runs(arguments.folder), arguments.where), arguments.sort)
    if rows:
        _show(rows, arguments.folder, output)
        if arguments.out:
            output.line(f"written   {_write(rows, arguments.folder, arguments.out)}")
    else:
        output.line(f"no run in {arguments.folder} meets this; train one: grevy train digits")
    output.result({"runs": rows})


def _slim(arguments: RunsArguments, names: Sequence[str], output: Output) -> None:
    """Take the checkpoints away, and say what that frees."""
    if arguments.out or (names and arguments.where):
        other = "--out" if arguments.out else "--where"
        raise UsageError(f"--slim with {other}", "one of them", f"leave out {other}")
    if arguments.where:
        rows = filter_runs(list_runs(arguments.folder), arguments.where)
        finished = [row["run"] for row in rows if row["status"] == "finished"]
        found = slim_runs(arguments.folder, finished) if finished else []
    else:
        found = slim_runs(arguments.folder, names)
    for run in found:
        size = f"{run.freed:,} bytes"
        output.line(f"{run.path}: " + (f"kept, it is {run.kept}" if run.kept else f"freed {size}"))
    total = sum(run.freed for run in found)
    output.line(
        f"freed {total:,} bytes ({total / 1e6:.1f} MB); all but --snapshot last still works"
    )
    output.result(
        {
            "freed": total,
            "runs": [{"run": str(r.path), "freed": r.freed, "kept": r.kept} for r in found],
        }
    )


def _show(rows: Sequence[Mapping[str, Any]], folder: Path, output: Output) -> None:
    """The table, and why records are damaged."""
    columns = _shown(rows)
    output.table(columns, [[_cell(row, name, folder) for name in columns] for row in rows])
    for row in rows:
        if row["status"] == "damaged":
            output.line(f"damaged: {row['error']}")


def _shown(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Columns for people: without the status where all are finished."""
    all_finished = all(row["status"] == "finished" for row in rows)
    return [name for name in SHOWN if not (name == "status" and all_finished)]


def _write(rows: Sequence[Mapping[str, Any]], folder: Path, path: Path) -> Path:
    """As CSV with all columns, for programs; else those that people are shown."""
    from grevy.documents.blocks import Document, Table
    from grevy.documents.tables import write_tables

    columns = list(COLUMNS) if path.suffix.lower() == ".csv" else _shown(rows)
    cells = tuple(tuple(shown(_cell(row, name, folder)) for name in columns) for row in rows)
    numbers = frozenset(columns.index(name) for name in NUMBERS if name in columns)
    return write_tables(
        Document(f"Runs in {folder}", (Table(tuple(columns), cells, numbers),)), path
    )


def _cell(row: Mapping[str, Any], column: str, folder: Path) -> Any:
    if column == "run":
        path = Path(row["run"])
        return path.name if path == folder else str(path.relative_to(folder))
    if column == "time":
        return None if row["seconds"] is None else in_words(row["seconds"])
    return row[column]
