"""`grevy runs`: a table of the runs on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from grevy.cli.output import Output
from grevy.cli.parse import parse
from grevy.records.table import filter_runs, list_runs, sort_runs

SHOWN = ("run", "status", "steps", "train", "validation", "test", "seconds")


@dataclass(frozen=True)
class RunsArguments:
    """A table of the runs in a folder: sorted, filtered."""

    folder: Annotated[Path, tyro.conf.Positional] = Path("runs")
    """Folder of run directories."""

    sort: str = "created"
    """A column: run, status, data, recipe, seed, steps, train, validation, test, seconds, created;
    with a minus in front, falling: --sort=-test."""

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
        output.table(SHOWN, [_shown(row) for row in rows])
    else:
        output.line(f"no run in {arguments.folder} meets this; train one: grevy train digits")
    output.result({"runs": rows})


def _shown(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """What fits on 80 columns; --json has the rest."""
    return (Path(row["run"]).name, *(row[name] for name in SHOWN[1:]))
