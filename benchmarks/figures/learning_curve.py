"""Accuracy against the number of train pictures: how much data a method needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grevy.figures.colours import OKABE_ITO
from grevy.figures.page import MARGIN, drawing, new_page

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LEFT, _WIDTH, _HEIGHT, _BELOW = 0.7, 6.2, 4.0, 0.55
_COLOURS = tuple(OKABE_ITO[name] for name in ("blue", "vermillion", "bluish green", "black"))


@dataclass(frozen=True)
class LearningCurve:
    """One method.

    Attributes:
        name: as it stands in the legend.
        pictures: train pictures a class, ascending.
        accuracies: in percent, for each number of pictures one a seed.
        intervals: lower and upper end of the mean's interval for each, in percent.
    """

    name: str
    pictures: tuple[int, ...]
    accuracies: tuple[tuple[float, ...], ...]
    intervals: tuple[tuple[float, float], ...]

    @property
    def means(self) -> list[float]:
        """Mean accuracy for each number of pictures."""
        return [sum(values) / len(values) for values in self.accuracies]


def draw_learning_curves(
    curves: Sequence[LearningCurve], title: str, notes: Sequence[str] = ()
) -> Figure:
    """Means with their intervals and the single seeds, pictures a class on a logarithmic scale.

    Args:
        curves: at most four.
        title: drawn above.
        notes: drawn below, after what dots and bars mean.
    """
    with drawing([title, *(curve.name for curve in curves)]) as lettering:
        foot = ["line and bar: mean and its 95 % t interval over seeds; small dots: each seed"]
        width = _LEFT + _WIDTH + 2 * MARGIN
        page = new_page(
            width, _HEIGHT + _BELOW, lettering.line(title), [*foot, *notes, *lettering.notes]
        )
        axes = page.axes(_LEFT, 0, _WIDTH, _HEIGHT)
        axes.set_xscale("log")
        axes.set(xlabel="train pictures a class", ylabel="test accuracy (%)")
        axes.grid()
        for curve, colour in zip(curves, _COLOURS, strict=False):
            _put_curve(axes, curve, colour)
        ticks = sorted({number for curve in curves for number in curve.pictures})
        axes.set_xticks(ticks, [f"{number:,}" for number in ticks])
        axes.minorticks_off()
        axes.legend(loc="lower right")
    return page.figure


def _put_curve(axes: Axes, curve: LearningCurve, colour: str) -> None:
    means = curve.means
    below = [mean - low for mean, (low, _) in zip(means, curve.intervals, strict=True)]
    above = [high - mean for mean, (_, high) in zip(means, curve.intervals, strict=True)]
    axes.errorbar(
        curve.pictures, means, (below, above), fmt="o-", color=colour, capsize=4, label=curve.name
    )
    for number, values in zip(curve.pictures, curve.accuracies, strict=True):
        places = [number * 1.06] * len(values)
        axes.plot(places, values, ".", color=colour, markersize=4, alpha=0.7)
