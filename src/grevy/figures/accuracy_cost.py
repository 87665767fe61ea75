"""Accuracy against what it costs: time, and floating-point operations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grevy.figures.colours import FAINT, OKABE_ITO
from grevy.figures.lettering import Lettering
from grevy.figures.page import MARGIN, drawing, new_page
from grevy.figures.point_names import NamedPoint, put_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIDE, _HEIGHT, _LEFT, _BELOW = 4.3, 3.4, 0.7, 0.55

_SAME = 0.02
"""Costs that differ by less than this part of themselves are one cost."""

_COSTS = {"seconds": "training time (s)", "flops": "training FLOPs"}


@dataclass(frozen=True)
class CostPoint:
    """One arm; a cost that is not known is NaN.

    Attributes:
        accuracies: in percent, one a training.
    """

    name: str
    accuracies: tuple[float, ...]
    seconds: float
    flops: float

    @property
    def mean(self) -> float:
        """Of the accuracies."""
        return sum(self.accuracies) / len(self.accuracies)


def why_no_cost(points: Sequence[CostPoint]) -> str:
    """Why there is nothing to see in accuracy against cost; empty where there is."""
    reasons = [_why_not(points, cost) for cost in _COSTS]
    return "; ".join(reasons) if all(reasons) else ""


def draw_accuracy_cost(
    points: Sequence[CostPoint], title: str, notes: Sequence[str] = ()
) -> Figure:
    """Mean accuracy with its range over trainings, against training time and training FLOPs.

    A cost that is not known of two arms, or is the same for all, has no panel but a sentence.

    Args:
        points: the baseline first, which is drawn in black.
        title: drawn above.
        notes: drawn below.
    """
    absent = [why for cost in _COSTS if (why := _why_not(points, cost))]
    shown = [cost for cost in _COSTS if not _why_not(points, cost)]
    foot = ["dot: mean over trainings; line: their range; black: the baseline"] if shown else []
    with drawing([title, *(point.name for point in points)]) as lettering:
        width = max(len(shown) * (_LEFT + _SIDE) + 2 * MARGIN, 5.0)
        height = (_HEIGHT + _BELOW) if shown else 0.0
        page = new_page(
            width, height, lettering.line(title), [*foot, *absent, *notes, *lettering.notes]
        )
        for index, cost in enumerate(shown):
            axes = page.axes(_LEFT + index * (_LEFT + _SIDE), 0, _SIDE, _HEIGHT)
            axes.set(xlabel=_COSTS[cost], ylabel="test accuracy (%)")
            axes.grid()
            _put_points(axes, points, cost, lettering)
    return page.figure


def _known(points: Sequence[CostPoint], cost: str) -> list[tuple[float, CostPoint]]:
    places = [(float(getattr(point, cost)), point) for point in points]
    return [(x, point) for x, point in places if not math.isnan(x)]


def _why_not(points: Sequence[CostPoint], cost: str) -> str:
    name = _COSTS[cost].removesuffix(" (s)")
    costs = [x for x, _ in _known(points, cost)]
    if len(points) < 2:
        return f"accuracy against {name} is not drawn: there is one arm"
    if not costs:
        return f"accuracy against {name} is not drawn: it is not known"
    if len(costs) < 2:
        return f"accuracy against {name} is not drawn: it is known of one arm only"
    if max(costs) - min(costs) <= _SAME * max(costs):
        return f"accuracy against {name} is not drawn: it is the same for all arms"
    return ""


def _put_points(axes: Axes, points: Sequence[CostPoint], cost: str, lettering: Lettering) -> None:
    known = _known(points, cost)
    if max(x for x, _ in known) > 20 * max(min(x for x, _ in known), 1e-9):
        axes.set_xscale("log")
    for x, point in known:
        colour = OKABE_ITO["black"] if point is points[0] else OKABE_ITO["blue"]
        ends = [min(point.accuracies), max(point.accuracies)]
        axes.plot([x, x], ends, color=colour, lw=1, solid_capstyle="butt")
        axes.plot([x], [point.mean], "o", color=colour, ms=6, clip_on=False)
    axes.margins(x=0.3, y=0.12)
    axes.autoscale_view()
    bottom, top = axes.get_ylim()
    axes.set(xlim=axes.get_xlim(), ylim=(max(bottom, 0), min(top, 100)))
    put_names(
        axes,
        [NamedPoint(lettering.line(p.name), x, p.mean, *_range(p)) for x, p in known],
        FAINT,
    )


def _range(point: CostPoint) -> tuple[float, float]:
    return min(point.accuracies), max(point.accuracies)
