"""Each of the source's figures beside ours: reached, above, below, or can't be told."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase

from scipy import stats

from grevy.documents.blocks import Block, Items, Table, Text
from grevy.documents.forms import UNKNOWN, written
from grevy.documents.paths import field
from grevy.reports.reproduce.published import PUBLISHED, Published
from grevy.reports.sources.comparison_source import ComparisonSource
from grevy.reports.sources.run_source import RunSource
from grevy.reports.sources.source import Source, value_of

MARGIN = 0.005
"""Accuracies within half a point are the same for practical purposes."""

ROUNDING = 1e-9
"""So that 0.705 is within half a point of 0.700, which in binary it is not."""

COLUMNS = ("network", "figure", "source", "ours", "95 % interval", "n", "verdict", "why")
DIFFERENT = ("above", "below", "can't be told")
_RIGHT = frozenset({2, 3, 4, 5})


def verdict(ours: float, low: float, high: float, source: float, margin: float) -> str:
    """In words.

    - reached: within the margin of the source's figure; or above it, unless that is told
    - above, below: where another training of ours would fall leaves the source's figure out
    - can't be told: lower by more than the margin, and another training might reach it, or nobody
      knows

    Args:
        ours: mean over seeds, or one run's.
        low: lower end of where another training would fall, as `another_training` tells; NaN where
            one run tells nothing of it.
        high: its upper end.
        source: the figure to compare with, of one training.
        margin: of practical equality.
    """
    if abs(ours - source) <= margin + ROUNDING:
        return "reached"
    if not math.isnan(low) and not low <= source <= high:
        return "below" if ours < source else "above"
    return "reached" if ours > source else "can't be told"


def another_training(mean: float, deviation: float, n: int) -> tuple[float, float]:
    """The 95 % prediction interval of one further training (Student's t); NaN for n below 2."""
    if n < 2 or math.isnan(deviation):
        return math.nan, math.nan
    half = float(stats.t.ppf(0.975, n - 1)) * deviation * math.sqrt(1 + 1 / n)
    return mean - half, mean + half


def figures_of(
    tasks: Sequence[int],
    comparison: ComparisonSource | None,
    runs: Mapping[str, Sequence[RunSource]],
    *,
    quick: bool,
) -> Iterator[Block]:
    """A table with a row for each figure of the source, and why ours differ, as far as is known.

    Args:
        tasks: whose figures.
        comparison: of the arms with a run; None: fewer than two have one.
        runs: finished runs by arm.
        quick: ours are of a tenth of the data: no verdict is given.
    """
    asked = [one for one in PUBLISHED if one.task in tasks]
    rows = [_row(one, comparison, runs.get(one.arm, ())) for one in asked]
    if quick:
        rows = [(*row[:-1], "a tenth of the data") for row in rows]
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


@dataclass(frozen=True)
class _Ours:
    """Where our figure stands: of the mean over seeds, or of the one run.

    Attributes:
        source: the comparison, or the run.
        place: field of the figure.
        beside: field in which `low`, `high` and `standard_deviation` stand.
        told: what the figure is besides, such as test-time augmentation.
    """

    source: Source
    place: str
    beside: tuple[str, ...]
    told: str = ""

    def number(self, name: str = "") -> float:
        """NaN where it is not there."""
        found = self.source.numbers.get(field(*self.beside, name) if name else self.place)
        return float(found) if isinstance(found, int | float) else math.nan


def _row(
    published: Published, comparison: ComparisonSource | None, runs: Sequence[RunSource]
) -> tuple[Text, ...]:
    name = "base" if published.arm == "baseline" else published.arm
    figure = "steps" if published.what == "steps" else f"{published.what} accuracy"
    theirs, n = written(published.number, published.form), f"{len(runs)}"
    if not runs:
        return name, figure, theirs, UNKNOWN, UNKNOWN, n, "not trained yet"
    ours = _ours(published, comparison, runs)
    mean, figure = ours.number(), figure + ours.told
    if math.isnan(mean):
        return name, figure, theirs, UNKNOWN, UNKNOWN, n, "can't be read"
    within = another_training(mean, ours.number("standard_deviation"), len(runs))
    margin = MARGIN if published.form == "accuracy" else 0.0
    words = verdict(mean, *within, published.number, margin)
    value = (value_of(ours.source, ours.place, published.form),)
    return name, figure, theirs, value, _interval(ours, published.form), n, words


def _interval(ours: _Ours, form: str) -> Text:
    if math.isnan(ours.number("low")):
        return UNKNOWN
    low, high = (value_of(ours.source, field(*ours.beside, end), form) for end in ("low", "high"))
    return (low, " to ", high)


def _ours(
    published: Published, comparison: ComparisonSource | None, runs: Sequence[RunSource]
) -> _Ours:
    if len(runs) > 1 and comparison is not None:
        place = ("arms", published.arm, published.what)
        return _Ours(comparison, field(*place, "mean"), place)
    run, split = runs[0], published.what
    if split == "steps":
        return _Ours(run, "results.steps", ("results", "steps"))
    said = run.predictions.get(split)
    augmented = list(said.extra_logits_NK)[:1] if said else []
    names = ("results", split, *augmented)
    views = (name.removeprefix("test_time_").replace("_", " and ") for name in augmented)
    told = "".join(f", with test-time {view}" for view in views)
    return _Ours(run, field(*names, "accuracy"), names, told)
