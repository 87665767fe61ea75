"""Each of the source's figures beside ours: reached, above, below, or can't be told."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from string import ascii_lowercase

from grevy.documents.blocks import Block, Items, Table, Text
from grevy.documents.forms import UNKNOWN, written
from grevy.documents.paths import field
from grevy.reports.reproduce.published import PUBLISHED, Published
from grevy.reports.sources.comparison_source import ComparisonSource
from grevy.reports.sources.run_source import RunSource
from grevy.reports.sources.source import Source, value_of

MARGIN = 0.005
"""Accuracies within half a point are the same for practical purposes."""

COLUMNS = ("network", "figure", "source", "ours", "95 % interval", "n", "verdict", "why")
DIFFERENT = ("above", "below", "can't be told")
_RIGHT = frozenset({2, 3, 4, 5})


def verdict(ours: float, low: float, high: float, source: float, margin: float) -> str:
    """In words.

    - below, above: the interval leaves the source's figure out, by more than nothing
    - reached: within the margin of it, or above it with an interval that holds it
    - can't be told: lower by more than the margin, with an interval that holds it

    Args:
        ours: mean over seeds, or one run's.
        low: lower end of the interval; NaN where there is none.
        high: its upper end.
        source: the figure to compare with; it comes from one training, and has no interval.
        margin: of practical equality.
    """
    if abs(ours - source) <= margin:
        return "reached"
    if not math.isnan(low) and high < source:
        return "below"
    if not math.isnan(low) and low > source:
        return "above"
    return "reached" if ours > source else "can't be told"


def figures_of(
    tasks: Sequence[int],
    comparison: ComparisonSource | None,
    runs: Mapping[str, Sequence[RunSource]],
) -> Iterator[Block]:
    """A table with a row for each figure of the source, and why ours differ, as far as is known.

    Args:
        tasks: whose figures.
        comparison: of the arms with a run; None: fewer than two have one.
        runs: finished runs by arm.
    """
    asked = [one for one in PUBLISHED if one.task in tasks]
    rows = [_row(one, comparison, runs.get(one.arm, ())) for one in asked]
    differ = [one for one, row in zip(asked, rows, strict=True) if row[-1] in DIFFERENT]
    reasons = list(dict.fromkeys(reason for one in differ for reason in one.reasons))
    marked = (
        (*row, ", ".join(_mark(reasons, reason) for reason in one.reasons * (one in differ)))
        for one, row in zip(asked, rows, strict=True)
    )
    title = "the source's figures (one training each) beside ours"
    yield Table(COLUMNS, tuple(marked), _RIGHT, title)
    if reasons:
        yield Items(tuple(f"{_mark(reasons, reason)}: {reason}" for reason in reasons))


def _mark(reasons: Sequence[str], reason: str) -> str:
    """A letter: a, b, c."""
    return ascii_lowercase[reasons.index(reason)]


def _row(
    published: Published, comparison: ComparisonSource | None, runs: Sequence[RunSource]
) -> tuple[Text, ...]:
    name = "base" if published.arm == "baseline" else published.arm
    figure = "steps" if published.what == "steps" else f"{published.what} accuracy"
    theirs = written(published.number, published.form)
    if not runs:
        return name, figure, theirs, UNKNOWN, UNKNOWN, "0", "not trained yet"
    source, place, ends = _where(published, comparison, runs)
    ours, low, high = (float(source.numbers.get(f) or math.nan) for f in (place, *ends))
    margin = MARGIN if published.form == "accuracy" else 0.0
    words = verdict(ours, low, high, published.number, margin)
    between: Text = UNKNOWN
    if not math.isnan(low):
        first, last = (value_of(source, end, published.form) for end in ends)
        between = (first, " to ", last)
    value = (value_of(source, place, published.form),)
    return name, figure, theirs, value, between, f"{len(runs)}", words


def _where(
    published: Published, comparison: ComparisonSource | None, runs: Sequence[RunSource]
) -> tuple[Source, str, tuple[str, str]]:
    """The source and fields: of the mean over seeds, or of the one run."""
    if len(runs) > 1 and comparison is not None:
        place = ("arms", published.arm, published.what)
        return comparison, field(*place, "mean"), (field(*place, "low"), field(*place, "high"))
    run, split = runs[0], published.what
    if split == "steps":
        return run, "results.steps", ("", "")
    augmented = list(run.predictions[split].extra_logits_NK)[:1]
    names = ("results", split, *augmented)
    return run, field(*names, "accuracy"), (field(*names, "low"), field(*names, "high"))
