"""Tasks 2 and 3: what was trained, what it reached, what helped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from grevy.documents.blocks import Block, Heading, Paragraph
from grevy.recipes.load import load_recipe
from grevy.records.study_record import BASELINE
from grevy.reports.comparison_report import compared, runs_table
from grevy.reports.material import Material, OnProgress
from grevy.reports.reproduce.experiments import CHANGES
from grevy.reports.reproduce.verdict import figures_of
from grevy.reports.run_report import section_blocks
from grevy.reports.sections.curves import curves
from grevy.reports.sections.network import network
from grevy.reports.sections.results import results
from grevy.reports.sources.comparison_source import ComparisonSource
from grevy.reports.sources.run_source import RunSource

Runs = Mapping[str, Sequence[RunSource]]


def base_network(
    runs: Runs, comparison: ComparisonSource | None, where: str | Path, *, quick: bool
) -> Iterator[Block]:
    """Blocks of task 2: the network, its runs, curves and figures; `quick` as in `figures_of`."""
    yield Paragraph(
        "The five-layer network is trained as the source did: SGD with a learning rate of 0.05,"
        " batches of 64, at most ten epochs, two checks an epoch on a tenth of the train split, and"
        " stopped when the validation loss of the check four checks ago is still the best of the"
        " last four."
    )
    yield from _of_arm(BASELINE, "base", runs, where, curved=True)
    yield from figures_of([2], comparison, runs, quick=quick)


def variants(
    runs: Runs,
    comparison: ComparisonSource | None,
    where: str | Path,
    told: OnProgress,
    *,
    quick: bool,
) -> Iterator[Block]:
    """Blocks of task 3: both variants, what helped, the best; `quick` as in `figures_of`."""
    for name in ("net1", "net2"):
        yield Heading(f"{name}: {load_recipe(name).description}", 3)
        yield from _of_arm(name, name, runs, where, curved=False)
    yield from figures_of([3], comparison, runs, quick=quick)
    yield Heading("What helped, and what did not", 3)
    yield Paragraph(
        "net1 and net2 change two things at once, so that neither tells what helped. Each change"
        f" by itself ({', '.join(CHANGES)}) is an arm of its own where it is trained: same data,"
        " same seeds, same initial weights."
    )
    if comparison is None:
        yield Paragraph("Nothing can be compared yet: fewer than two networks have a finished run.")
    else:
        for block in compared(comparison, where, told):
            yield Heading(block.text, 4) if isinstance(block, Heading) else block
    yield Heading("The best within ten epochs", 3)
    yield Paragraph(load_recipe("best").description)
    yield from _of_arm("best", "best", runs, where, curved=True)


def _of_arm(arm: str, name: str, runs: Runs, where: str | Path, *, curved: bool) -> Iterator[Block]:
    """Its printout, table of runs, and the results and curves of its first seed."""
    own = runs.get(arm, ())
    if not own:
        yield Paragraph(f"{name} has no finished run yet.")
        return
    first = Material(own[0], where)
    yield from section_blocks(network, first)[:2]
    yield runs_table(tuple(own))
    yield from section_blocks(results, first)
    if curved:
        yield from section_blocks(curves, first)
