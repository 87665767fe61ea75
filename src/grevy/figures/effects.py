"""The effect figure: one row an arm, its effect with both intervals, and a verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from grevy.figures.colours import ABSENT, FAINT, OKABE_ITO
from grevy.figures.lettering import Lettering
from grevy.figures.page import MARGIN, drawing, line_height, new_page, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {
    "better": OKABE_ITO["blue"],
    "worse": OKABE_ITO["vermillion"],
    "equivalent": OKABE_ITO["bluish green"],
    "open": FAINT,
}
"""Of verdicts; the words say the same."""

_AXIS = 0.5
_BELOW, _ABOVE = 0.25, 0.13
"""Inches of a row below its interval, and above it to the dots of the seeds."""

_WIDTH, _PLOT, _WORDS = 9.6, 4.2, 3.1
_NAME = _WIDTH - _PLOT - _WORDS - 4 * MARGIN
_SEED = 0.05
"""Inches: side of the dot of a seed."""


@dataclass(frozen=True)
class EffectRow:
    """In percentage points; NaN for an interval that there is not.

    Attributes:
        values: the effect of each seed.
        kind: better, worse, equivalent, open.
    """

    name: str
    mean: float
    seeds_low: float
    seeds_high: float
    pictures_low: float
    pictures_high: float
    values: tuple[float, ...]
    kind: str
    verdict: str


def draw_effects(
    rows: Sequence[EffectRow], margin: float, title: str, notes: Sequence[str] = ()
) -> Figure:
    """One row an arm, as they are given; seeds of the same effect are stacked.

    Args:
        rows: in percentage points of accuracy.
        margin: half the width of the band of practical equality, in points.
        title: drawn above.
        notes: drawn below.
    """
    with drawing([title, *(row.name for row in rows)]) as lettering:
        foot = [
            "thick: 95 % t interval over seeds; thin: 95 % bootstrap interval over test pictures;"
            f" small dots: each seed; gray band: practical equality, ±{margin:g} points",
            *notes,
            *lettering.notes,
        ]
        ends = _ends(rows, margin)
        lines = [_Lines.of(row, ends, lettering) for row in rows]
        height = sum(line.above + line.below for line in lines)
        page = new_page(_WIDTH, height + _AXIS, lettering.line(title), foot)
        left, at = _NAME + 2 * MARGIN, 0.0
        axes = page.axes(left, 0, _PLOT, height)
        axes.set(xlim=ends, ylim=(height, 0), yticks=[], xlabel="effect on test accuracy (points)")
        axes.axvspan(-margin, margin, color=ABSENT, alpha=0.6, linewidth=0)
        axes.axvline(0, color=FAINT, linewidth=0.8)
        axes.grid(axis="x")
        axes.spines["left"].set_visible(False)
        for row, line in zip(rows, lines, strict=True):
            at += line.above
            _put_row(axes, at, row, line.levels)
            page.text(MARGIN, at, line.name, va="center")
            page.text(left + _PLOT + MARGIN, at, line.verdict, va="center")
            at += line.below
    return page.figure


@dataclass(frozen=True)
class _Lines:
    """What a row takes: its texts in lines, the levels of its seeds, inches around its middle."""

    name: str
    verdict: str
    levels: list[int]

    @classmethod
    def of(cls, row: EffectRow, ends: tuple[float, float], lettering: Lettering) -> _Lines:
        """Of one arm on an axis with these ends."""
        name, verdict = wrap(lettering.line(row.name), _NAME), wrap(row.verdict, _WORDS)
        levels = _stacked(row.values, _SEED * (ends[1] - ends[0]) / _PLOT)
        return cls("\n".join(name), "\n".join(verdict), levels)

    @property
    def above(self) -> float:
        return max(_ABOVE + _SEED * (2 + max(self.levels, default=0)), self._half)

    @property
    def below(self) -> float:
        return max(_BELOW, self._half)

    @property
    def _half(self) -> float:
        lines = 1 + max(self.name.count("\n"), self.verdict.count("\n"))
        return lines * line_height() / 2 + 0.08


def _ends(rows: Sequence[EffectRow], margin: float) -> tuple[float, float]:
    """The axis: everything that is drawn, zero, the band, and 5 % on both sides."""
    drawn = [-margin, margin]
    for row in rows:
        interval = (row.seeds_low, row.seeds_high, row.pictures_low, row.pictures_high)
        drawn += [x for x in (*interval, row.mean, *row.values) if not math.isnan(x)]
    low, high = min(drawn), max(drawn)
    free = 0.05 * (high - low) or 1.0
    return low - free, high + free


def _stacked(values: Sequence[float], side: float) -> list[int]:
    """The lowest level for each value on which it hides none of those before it."""
    taken: list[tuple[int, float]] = []
    for value in values:
        near = {level for level, other in taken if abs(value - other) < side}
        taken.append((next(level for level in count() if level not in near), value))
    return [level for level, _ in taken]


def _put_row(axes: Axes, at: float, row: EffectRow, levels: Sequence[int]) -> None:
    """One arm, `at` inches from the top."""
    if math.isnan(row.mean):
        low, high = axes.get_xlim()
        side, shift = ("left", 0.02) if high > -low else ("right", -0.02)
        words = "no pair of finished runs"
        axes.text(shift * (high - low), at, words, va="center", ha=side, color=FAINT)
        return
    colour = COLOURS[row.kind]
    if not math.isnan(row.pictures_low):
        ends = [row.pictures_low, row.pictures_high]
        axes.plot(ends, [at + 0.1] * 2, color=colour, lw=1.2, solid_capstyle="butt")
    if not math.isnan(row.seeds_low):
        ends = [row.seeds_low, row.seeds_high]
        axes.plot(ends, [at] * 2, color=colour, lw=4, alpha=0.55, solid_capstyle="butt")
    if len(row.values) > 1:
        heights = [at - _ABOVE - _SEED * level for level in levels]
        size = 72 * (_SEED - 0.007)
        axes.plot(row.values, heights, "o", color=colour, ms=size, mew=0, clip_on=False)
    axes.plot([row.mean], [at], "o", color=colour, ms=7)
