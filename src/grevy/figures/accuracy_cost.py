"""Accuracy against what it costs: time, and floating-point operations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grevy.figures.colours import FAINT, OKABE_ITO
from grevy.figures.lettering import Lettering
from grevy.figures.page import MARGIN, SMALL, drawing, new_page

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIDE, _HEIGHT, _LEFT, _BELOW = 4.3, 3.4, 0.7, 0.55
_PLACES = [(dx, dy) for dy in (0, 11, -11, 22, -22) for dx in (8, -8, 0) if dx or dy]
"""Where a name may stand from its dot, in points, the best first."""

_LETTER = 5.0
"""Width of a letter in points, about."""


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


def draw_accuracy_cost(
    points: Sequence[CostPoint], title: str, notes: Sequence[str] = ()
) -> Figure:
    """Mean accuracy with its range over trainings, against training time and training FLOPs.

    Args:
        points: the baseline first, which is drawn in black.
        title: drawn above.
        notes: drawn below.
    """
    with drawing([title, *(point.name for point in points)]) as lettering:
        foot = ["a dot is the mean over trainings, a line their range; black: the baseline"]
        width = 2 * (_LEFT + _SIDE) + 2 * MARGIN
        page = new_page(
            width, _HEIGHT + _BELOW, lettering.line(title), [*foot, *notes, *lettering.notes]
        )
        for index, (cost, label) in enumerate(
            (("seconds", "training time (s)"), ("flops", "training FLOPs"))
        ):
            axes = page.axes(_LEFT + index * (_LEFT + _SIDE), 0, _SIDE, _HEIGHT)
            axes.set(xlabel=label, ylabel="test accuracy (%)")
            axes.grid()
            _put_points(axes, points, cost, lettering)
    return page.figure


def _put_points(axes: Axes, points: Sequence[CostPoint], cost: str, lettering: Lettering) -> None:
    places = [(getattr(point, cost), point) for point in points]
    known = [(x, point) for x, point in places if not math.isnan(x)]
    if not known:
        axes.text(0.5, 0.5, "not known", transform=axes.transAxes, ha="center", color=FAINT)
        return
    spread = max(x for x, _ in known) / max(min(x for x, _ in known), 1e-9)
    if spread > 20:
        axes.set_xscale("log")
    axes.margins(x=0.22, y=0.12)
    for x, point in known:
        colour = OKABE_ITO["black"] if point is points[0] else OKABE_ITO["blue"]
        axes.plot([x, x], [min(point.accuracies), max(point.accuracies)], color=colour, lw=1)
        axes.plot([x], [_mean(point)], "o", color=colour, ms=6)
    _label(axes, known, lettering)


def _label(axes: Axes, known: Sequence[tuple[float, CostPoint]], lettering: Lettering) -> None:
    """Names beside their dots, each at the place where it covers least."""
    axes.autoscale_view()  # places in pixels are final only then
    scale = axes.figure.dpi / 72
    dots = [tuple(map(float, axes.transData.transform((x, _mean(p))))) for x, p in known]
    taken = [(x - 4 * scale, y - 4 * scale, x + 4 * scale, y + 4 * scale) for x, y in dots]
    for (x, point), (dot_x, dot_y) in zip(known, dots, strict=True):
        name = lettering.line(point.name, 26)
        width, height = _LETTER * scale * len(name), 1.4 * SMALL * scale
        boxes = {}
        for dx, dy in _PLACES:
            left = dot_x + dx * scale - (0 if dx > 0 else width if dx < 0 else width / 2)
            low = dot_y + dy * scale - height / 2
            boxes[dx, dy] = (left, low, left + width, low + height)
        covered = {place: sum(_overlap(box, t) for t in taken) for place, box in boxes.items()}
        dx, dy = min(_PLACES, key=lambda place: covered[place])
        taken.append(boxes[dx, dy])
        side = "left" if dx > 0 else "right" if dx < 0 else "center"
        axes.annotate(
            name, (x, _mean(point)), (dx, dy),
            textcoords="offset points", ha=side, va="center", size=SMALL,
        )  # fmt: skip


def _mean(point: CostPoint) -> float:
    return sum(point.accuracies) / len(point.accuracies)


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
