"""`grevy compare`: which of several trainings is better, and is it more than noise?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from grevy.cli.comparison import tell_comparison, tell_figures
from grevy.cli.output import Output
from grevy.words.parse import parse


@dataclass(frozen=True)
class CompareArguments:
    """Compare trainings on the same test pictures: effects, both kinds of noise, verdicts.

    Run directories, folders of runs, study folders; and predictions of other programs, as CSV or
    npz with label and prediction (or logits) of each picture, and id. Runs that differ in their
    seed only are one arm; NAME=PLACE names it.
    """

    runs: Annotated[tuple[str, ...], tyro.conf.Positional]
    """What to compare. The first is the baseline."""

    baseline: str | None = None
    """Another arm as the baseline."""

    margin: float = 0.005
    """Accuracies that differ by less are equal for practical purposes: 0.005 is half a point."""

    out: Path = Path("comparison")
    """Folder for the figures and comparison.json, which are written again each time."""

    json: bool = False
    """Print one JSON object and nothing else."""


def main(words: list[str]) -> None:
    """Parse, compare, print, draw."""
    arguments = parse(CompareArguments, "compare", words)
    output = Output(arguments.json)
    from grevy.studies.compare import compare
    from grevy.studies.report import write_report

    comparison = compare(arguments.runs, baseline=arguments.baseline, margin=arguments.margin)
    tell_comparison(comparison, output)
    output.line()
    tell_figures(write_report(comparison, arguments.out, output.line), output)
    output.result(comparison.to_dict())
