"""`grevy runs`: a table of the runs on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from grevy.cli.output import Output
from grevy.cli.parse import parse
from grevy.records.table import COLUMNS, filter_runs, list_runs, sort_runs


@dataclass(frozen=True)
class RunsArguments:
    """A table of the runs in a folder: sorted, filtered."""

    folder: Annotated[Path, tyro.conf.Positional] = Path("runs")
    """Folder of run directories."""

    sort: str = "created"
    """A column; with a minus in front, falling: --sort=-test."""

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
        output.table(COLUMNS, [tuple(row[name] for name in COLUMNS) for row in rows])
    else:
        output.line(f"no run in {arguments.folder} meets this; train one: grevy train digits")
    output.result({"runs": rows})
