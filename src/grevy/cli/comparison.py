"""A comparison on the screen: what `grevy compare` and `grevy study` print."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from grevy.cli.blocks import print_document
from grevy.cli.output import Output
from grevy.studies.compare import Comparison
from grevy.studies.document import comparison_document


def tell_comparison(comparison: Comparison, output: Output) -> None:
    """Arms, effects with both kinds of noise and verdicts, diagnoses, what failed."""
    print_document(output, comparison_document(comparison))


def figure_lines(paths: Sequence[Path]) -> list[str]:
    """Where the figures lie."""
    return [f"figure   {path}" for path in paths]
