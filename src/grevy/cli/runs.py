"""`grevy runs`: a table of the runs on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from grevy.cli.duration import in_words
from grevy.cli.output import Output
from grevy.records.table import filter_runs, list_runs, sort_runs
from grevy.words.parse import parse

SHOWN = ("run", "status", "network", "differs", "validation", "test", "time")
"""What fits on 80 to 100 columns; --json has the rest."""


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

    json: bool = False
    """Print one JSON object and nothing else."""


def main(words: list[str]) -> None:
    """Parse, read, print."""
    arguments = parse(RunsArguments, "runs", words)
    output = Output(arguments.json)
    rows = sort_runs(filter_runs(list_runs(arguments.folder), arguments.where), arguments.sort)
    if rows:
        _show(rows, arguments.folder, output)
    else:
        output.line(f"no run in {arguments.folder} meets this; train one: grevy train digits")
    output.result({"runs": rows})


def _show(rows: Sequence[Mapping[str, Any]], folder: Path, output: Output) -> None:
    """The table, without the status where all are finished, and why records are damaged."""
    all_finished = all(row["status"] == "finished" for row in rows)
    columns = [name for name in SHOWN if not (name == "status" and all_finished)]
    output.table(columns, [[_cell(row, name, folder) for name in columns] for row in rows])
    for row in rows:
        if row["status"] == "damaged":
            output.line(f"damaged: {row['error']}")


def _cell(row: Mapping[str, Any], column: str, folder: Path) -> Any:
    if column == "run":
        path = Path(row["run"])
        return path.name if path == folder else str(path.relative_to(folder))
    if column == "time":
        return None if row["seconds"] is None else in_words(row["seconds"])
    return row[column]
