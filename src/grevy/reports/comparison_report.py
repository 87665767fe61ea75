"""The outline of a report on several runs or a study."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from grevy.documents.blocks import Block, Heading, Items, Paragraph, Table, Text, Value
from grevy.documents.forms import UNKNOWN, written
from grevy.documents.paths import field
from grevy.figures.numerals import counted
from grevy.reports.figure import figure_block
from grevy.reports.material import Material, OnProgress
from grevy.reports.run_report import section_blocks
from grevy.reports.sections.curves import curves
from grevy.reports.sources.comparison_source import ComparisonSource
from grevy.reports.sources.open import Sources
from grevy.reports.sources.run_source import RunSource
from grevy.reports.sources.source import value_of
from grevy.studies.compare import Comparison
from grevy.studies.document import comparison_document
from grevy.studies.report import comparison_figures, flipped_figures

CAPTIONS = {
    "effects": "Each change against the baseline, with its interval over seeds and over pictures.",
    "cost": "What each arm reaches, and what it costs.",
    "curves": "Loss before and after each change.",
    "fit": "Over- and underfitting of each arm.",
}

TOLD_ALONE = 6
"""Up to so many runs or arms each have words of their own; more are rows of a table."""


def comparison_report(
    sources: Sources, where: str | Path | None, told: OnProgress
) -> Iterator[Block]:
    """What is compared, effects and verdicts, figures, flipped pictures, every run.

    Args:
        sources: runs, and their comparison where there is one.
        where: the image data, if it is no longer where it was.
        told: hears how far it is.
    """
    yield Paragraph(_opening(sources))
    if sources.missing:
        yield Items(sources.missing)
    if sources.comparison:
        yield from compared(sources.comparison, where, told)
    if sources.runs:
        yield Heading("Every run")
        yield runs_table(sources.runs)
    if len(sources.runs) <= TOLD_ALONE:
        for done, run in enumerate(sources.runs):
            told(f"{run.name}: curves", done, len(sources.runs))
            yield Heading(run.name, 3)
            yield from section_blocks(curves, Material(run, where))


def _opening(sources: Sources) -> Text:
    """What this is about, and the main result."""
    several = counted(len(sources.runs), "run")
    if sources.comparison is None:
        return f"This is about {several}, which are not compared."
    found = sources.comparison.comparison
    baseline, *arms = found.contest.arms
    start = (
        f"This compares {', '.join(arms)} with {baseline}, the baseline: {several}, all judged on"
        " the same ",
        value_of(sources.comparison, "pictures", ",d"),
        f" test pictures. {baseline} has ",
        value_of(sources.comparison, field("arms", baseline, "test", "mean"), "percent"),
        " right.",
    )
    said: list[str | Value] = []
    for arm in arms[:TOLD_ALONE]:
        effect = field("effects", arm)
        said += [
            f" {arm}: ",
            value_of(sources.comparison, f"{effect}.mean", "points"),
            " points, ",
            value_of(sources.comparison, f"{effect}.verdict", "text"),
            ".",
        ]
    return (*start, *said)


def compared(
    source: ComparisonSource, where: str | Path | None, told: OnProgress
) -> Iterator[Block]:
    """Blocks of one comparison."""
    comparison = source.comparison
    told(f"{source.name}: effects", 0, 3)
    yield Heading("Which change helped?")
    yield from comparison_document(comparison, source.name).blocks
    told(f"{source.name}: figures", 1, 3)
    yield from _figures(source.name, comparison)
    told(f"{source.name}: pictures that flipped", 2, 3)
    yield from _flipped(source.name, comparison, where)


def runs_table(runs: tuple[RunSource, ...]) -> Table:
    """One row a run: what it is, how far it is, what it reached."""
    columns = ("run", "recipe", "seed", "status", "train", "validation", "test", "steps")
    rows = tuple(
        (
            run.name,
            run.record.recipe_name,
            (value_of(run, "seed", "text"),),
            _status(run),
            *(_known(run, f"results.{s}.accuracy", "accuracy") for s in columns[4:7]),
            _known(run, "results.steps", ",d"),
        )
        for run in runs
    )
    return Table(columns, rows, frozenset({2, 4, 5, 6, 7}))


def _status(run: RunSource) -> Text:
    status = (value_of(run, "status", "text"),)
    return (*status, f": {run.record.error}") if run.record.error else status


def _known(run: RunSource, field: str, form: str) -> Text:
    return (value_of(run, field, form),) if field in run.numbers else UNKNOWN


def _figures(name: str, comparison: Comparison) -> Iterator[Block]:
    yield Heading("Before and after")
    why: list[str] = []
    for kind, drawn in comparison_figures(comparison, why.append).items():
        words = f"{CAPTIONS[kind]} {_in_words(kind, comparison)}".strip()
        yield figure_block(drawn, f"{name}-{kind}", words, CAPTIONS[kind])
    if why:
        yield Items(tuple(why))


def _in_words(kind: str, comparison: Comparison) -> str:
    """What a figure shows, for who can't see it."""
    if kind == "effects":
        return " ".join(
            f"{effect.arm}: {written(effect.across_seeds.mean, 'points')} points, {effect.verdict}."
            for effect in comparison.effects
        )
    if kind == "cost":
        return " ".join(
            f"{cost.arm}: {comparison.accuracy(cost.arm).mean:.4f} in"
            f" {written(cost.seconds, 'seconds')} seconds."
            for cost in comparison.costs
        )
    found = {arm: comparison.diagnoses(arm) for arm in comparison.contest.arms}
    return " ".join(f"{arm}: {told[0].words}." for arm, told in found.items() if told)


def _flipped(name: str, comparison: Comparison, where: str | Path | None) -> Iterator[Block]:
    yield Heading("Pictures that flipped")
    why: list[str] = []
    figures = flipped_figures(comparison, why.append, where)
    for kind, drawn in figures.items():
        words = "Pictures that the arm has right and the baseline wrong, and the other way round."
        yield figure_block(drawn, f"{name}-{kind}", words)
    if why:
        yield Items(tuple(why))
    elif not figures:
        yield Paragraph("No gallery: the runs are not Grevy's own.")
