"""The effect figure: one row an arm, its effect with both intervals, and a verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grevy.figures.colours import ABSENT, FAINT, INK, OKABE_ITO
from grevy.figures.page import MARGIN, SMALL, drawing, new_page, wrap

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

_ROW, _AXIS = 0.52, 0.5
_WIDTH, _PLOT, _WORDS = 9.6, 4.2, 3.1
_NAME = _WIDTH - _PLOT - _WORDS - 4 * MARGIN


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
    """One row an arm, as they are given.

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
        page = new_page(_WIDTH, _ROW * len(rows) + _AXIS, lettering.line(title), foot)
        left = _NAME + 2 * MARGIN
        axes = page.axes(left, 0, _PLOT, _ROW * len(rows))
        axes.set(ylim=(len(rows) - 0.5, -0.5), yticks=[], xlabel="effect on test accuracy (points)")
        axes.axvspan(-margin, margin, color=ABSENT, alpha=0.6, linewidth=0)
        axes.axvline(0, color=FAINT, linewidth=0.8)
        axes.grid(axis="x")
        axes.spines["left"].set_visible(False)
        for index, row in enumerate(rows):
            _put_row(axes, index, row)
            middle = _ROW * (index + 0.5)
            for text, place, room, colour, size in (
                (lettering.line(row.name, 60), MARGIN, _NAME, INK, None),
                (row.verdict, left + _PLOT + MARGIN, _WORDS, COLOURS[row.kind], SMALL),
            ):
                style = {"size": size} if size else {}
                lines = "\n".join(wrap(text, room, **style))
                page.text(place, middle, lines, va="center", color=colour, **style)
    return page.figure


def _put_row(axes: Axes, index: int, row: EffectRow) -> None:
    if math.isnan(row.mean):
        axes.text(0, index, "no pair of finished runs", va="center", ha="center", color=FAINT)
        return
    colour = COLOURS[row.kind]
    if not math.isnan(row.pictures_low):
        axes.plot([row.pictures_low, row.pictures_high], [index + 0.16] * 2, color=colour, lw=1)
    if not math.isnan(row.seeds_low):
        axes.plot([row.seeds_low, row.seeds_high], [index] * 2, color=colour, lw=4, alpha=0.55)
    if len(row.values) > 1:
        axes.plot(row.values, [index - 0.2] * len(row.values), ".", color=colour, ms=4)
    axes.plot([row.mean], [index], "o", color=colour, ms=7)
