"""`grevy compare`: which of several trainings is better, and is it more than noise?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from grevy.cli.comparison import tell_comparison, tell_figures
from grevy.cli.output import Output
from grevy.documents.suffixes import TABLES, listed
from grevy.words.parse import parse

if TYPE_CHECKING:
    from grevy.studies.compare import Comparison

_OUT = tyro.conf.arg(
    help="Folder for the figures and comparison.json, which are written again each time; or a file"
    f" for the tables alone: {listed(TABLES)}."
)


@dataclass(frozen=True)
class CompareArguments:
    """Compare trainings on the same test pictures: effects, both kinds of noise, verdicts.

    Run directories, folders of runs, study folders; and predictions of other programs, as CSV or
    npz with label and prediction (or logits) of each picture, and its id. Runs that differ in
    their seed only are one arm; NAME=PLACE names it.
    """

    runs: Annotated[tuple[str, ...], tyro.conf.Positional]
    """What to compare. The first is the baseline."""

    baseline: str | None = None
    """Another arm as the baseline."""

    margin: float = 0.005
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
    tell_comparison(comparison, output)
    output.line()
    if arguments.out.suffix.lower() in TABLES and not arguments.out.is_dir():
        output.line(f"written   {_write_tables(comparison, arguments.out)}")
    else:
        from grevy.studies.report import write_report

        tell_figures(write_report(comparison, arguments.out, output.line), output)
    output.result(comparison.to_dict())


def _write_tables(comparison: Comparison, path: Path) -> Path:
    """What is printed, under a title; as CSV the effects, which come after the arms."""
    from grevy.documents.tables import write_tables
    from grevy.studies.document import comparison_document

    title = f"Comparison with {comparison.contest.arms[0]}"
    return write_tables(replace(comparison_document(comparison), title=title), path, main=1)
