"""`grevy compare`: which of several trainings is better, and is it more than noise?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro
from annotated_types import Interval

from grevy.cli.comparison import figure_lines, tell_comparison
from grevy.cli.output import Output
from grevy.documents.suffixes import TABLES, listed
from grevy.words.parse import parse
from grevy.words.places import PLACE

if TYPE_CHECKING:
    from grevy.studies.compare import Comparison

_OUT = tyro.conf.arg(
    help="Folder for the figures and comparison.json; those of a comparison that is there are"
    f" replaced, all of them. Or a file for the tables alone: {listed(TABLES)}."
)


@dataclass(frozen=True)
class CompareArguments:
    """Compare trainings on the same test pictures: effects, both kinds of noise, verdicts.

    Run directories, folders of runs, study folders; and predictions of other programs, as CSV or
    npz with label and prediction (or logits) of each picture, and its id. Runs that differ in
    their seed only are one arm; NAME=PLACE names it.
    """

    runs: Annotated[tuple[str, ...], tyro.conf.Positional, PLACE]
    """What to compare. The first is the baseline."""

    baseline: str | None = None
    """Another arm as the baseline."""

    margin: Annotated[float, Interval(gt=0.0, lt=1.0)] = 0.005
    """Accuracies that differ by less are equal for practical purposes: 0.005 is half a point."""

    same_order: bool = False
    """Pair files without ids row by row: you say that their pictures are in the same order."""

    out: Annotated[Path, _OUT] = Path("comparison")

    json: bool = False
    """Print one JSON object and nothing else."""


def main(words: list[str]) -> None:
    """Parse, compare, print, draw."""
    arguments = parse(CompareArguments, "compare", words)
    output = Output(arguments.json)
    from grevy.studies.compare import compare

    comparison = compare(
        arguments.runs,
        baseline=arguments.baseline,
        margin=arguments.margin,
        same_order=arguments.same_order,
    )
    notes: list[str] = []
    written = _write(comparison, arguments.out, notes.append)
    tell_comparison(comparison, output)
    output.line()
    for line in (*notes, *written):
        output.line(line)
    output.result(comparison.to_dict())


def _write(comparison: Comparison, out: Path, say: Callable[[str], None]) -> list[str]:
    """The tables as one file, or all figures in a folder; lines about what was written."""
    if out.suffix.lower() in TABLES and not out.is_dir():
        return [f"written   {_write_tables(comparison, out)}"]
    from grevy.studies.report import write_report

    return figure_lines(write_report(comparison, out, say))


def _write_tables(comparison: Comparison, path: Path) -> Path:
    """What is printed, under a title; as CSV the effects, which come after the arms."""
    from grevy.documents.tables import write_tables
    from grevy.studies.document import comparison_document

    title = f"Comparison with {comparison.contest.arms[0]}"
    return write_tables(replace(comparison_document(comparison), title=title), path, main=1)
