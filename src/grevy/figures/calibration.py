"""Calibration: how often the network is right where it says how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grevy.figures.colours import FAINT, OKABE_ITO
from grevy.figures.page import MARGIN, SMALL, drawing, line_height, new_page, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIDE, _COUNTS = 3.2, 0.8
_LEFT, _GAP, _TOP, _BOTTOM = 0.75, 0.75, 0.5, 0.5
_WIDTH = 2 * (_LEFT + _SIDE) + 2 * MARGIN

_COLOURS = (OKABE_ITO["vermillion"], OKABE_ITO["blue"])


@dataclass(frozen=True)
class Curve:
    """Bins that are drawn as one curve.

    Attributes:
        name: for the legend.
        count_B: pictures in each bin.
        confidence_B: mean; NaN where there is none.
        accuracy_B: likewise.
        low_B: of its 95 % interval.
        high_B: its other end.
    """

    name: str
    count_B: NDArray[np.int64]
    confidence_B: NDArray[np.float64]
    accuracy_B: NDArray[np.float64]
    low_B: NDArray[np.float64]
    high_B: NDArray[np.float64]


def draw_calibration(
    panels: Sequence[tuple[str, Sequence[Curve]]],
    title: str,
    lines: Sequence[str],
    notes: Sequence[str],
) -> Figure:
    """A panel a kind of bins: accuracy against confidence, the counts below.

    Args:
        panels: title and curves (at most two) of each of the two panels.
        title: drawn above.
        lines: what was found, as sentences below.
        notes: how it was done.
    """
    with drawing([title, *lines, *notes]) as lettering:
        room = _WIDTH - 2 * MARGIN
        found = [part for line in lines for part in wrap(lettering.line(line, 600), room)]
        foot = _TOP + _SIDE + _COUNTS + _BOTTOM + 0.25
        height = foot + len(found) * line_height()
        page = new_page(_WIDTH, height, lettering.line(title), [*notes, *lettering.notes])
        for index, (name, curves) in enumerate(panels):
            left = _LEFT + index * (_SIDE + _GAP)
            axes = page.axes(left, _TOP, _SIDE, _SIDE)
            axes.set_title(name, fontsize=9)
            _put_curves(axes, curves)
            below = page.axes(left, _TOP + _SIDE + 0.12, _SIDE, _COUNTS)
            _put_counts(below, curves[0])
            if index == 0:
                _put_key(axes)
                for part, label in ((axes, "accuracy"), (below, "pictures")):
                    part.set_ylabel(label)
                    part.yaxis.set_label_coords(-0.17, 0.5)
        page.text(MARGIN, foot, "\n".join(found), gid="lines")
    return page.figure


def _put_key(axes: Axes) -> None:
    """Above the title of the panel, where no curve can lie under it."""
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1 + 0.25 / _SIDE), borderaxespad=0, borderpad=0,
        ncols=3, fontsize=SMALL,
    )  # fmt: skip


def _put_curves(axes: Axes, curves: Sequence[Curve]) -> None:
    axes.plot(
        [0, 1], [0, 1], color=FAINT, linewidth=0.8, linestyle=":", label="right as often as sure"
    )
    for curve, colour, shift in zip(curves, _COLOURS, (-0.004, 0.004), strict=False):
        used = curve.count_B > 0
        middle = curve.accuracy_B[used]
        # An interval of Wilson's may end beside a proportion of 0 or 1 by rounding.
        ends = np.maximum([middle - curve.low_B[used], curve.high_B[used] - middle], 0)
        axes.errorbar(
            curve.confidence_B[used] + shift, middle, ends, color=colour, marker="o",
            markersize=4, linewidth=1.2, elinewidth=0.9, label=curve.name, clip_on=False,
        )  # fmt: skip
    axes.set(xlim=(0, 1), ylim=(0, 1), xticklabels=[])
    axes.grid()


def _put_counts(axes: Axes, curve: Curve) -> None:
    from matplotlib.ticker import MaxNLocator

    used = curve.count_B > 0
    axes.bar(
        curve.confidence_B[used], curve.count_B[used], width=0.015, color=_COLOURS[0], linewidth=0
    )
    axes.set(xlim=(0, 1), xlabel="confidence: probability of the predicted class")
    axes.set_ylim(0, 1.1 * max(curve.count_B))
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.yaxis.set_major_formatter("{x:,.0f}")
