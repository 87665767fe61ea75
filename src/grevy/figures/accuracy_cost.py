"""Accuracy against what it costs: time, and floating-point operations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grevy.figures.colours import FAINT, OKABE_ITO
from grevy.figures.lettering import Lettering
from grevy.figures.page import MARGIN, drawing, new_page

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIDE, _HEIGHT, _LEFT, _BELOW = 4.3, 3.4, 0.7, 0.55


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
            width, _HEIGHT + _BELOW, lettering.fit(title), [*foot, *notes, *lettering.notes]
        )
        for index, (cost, label) in enumerate(
            (("seconds", "training time (s)"), ("flops", "training FLOPs"))
        ):
            axes = page.axes(_LEFT + index * (_LEFT + _SIDE), 0, _SIDE, _HEIGHT)
            axes.set(xlabel=label, ylabel="test accuracy (%)")
            axes.grid()
            _draw_points(axes, points, cost, lettering)
    return page.figure


def _draw_points(
    axes: Axes, points: Sequence[CostPoint], cost: str, lettering: Lettering
) -> None:
    places = [(getattr(point, cost), point) for point in points]
    known = [(x, point) for x, point in places if not math.isnan(x)]
    if not known:
        axes.text(0.5, 0.5, "not known", transform=axes.transAxes, ha="center", color=FAINT)
        return
    spread = max(x for x, _ in known) / max(min(x for x, _ in known), 1e-9)
    if spread > 20:
        axes.set_xscale("log")
    axes.margins(x=0.22, y=0.12)
    taken: list[tuple[float, float]] = []
    for x, point in known:
        colour = OKABE_ITO["black"] if point is points[0] else OKABE_ITO["blue"]
        mean = sum(point.accuracies) / len(point.accuracies)
        axes.plot([x, x], [min(point.accuracies), max(point.accuracies)], color=colour, lw=1)
        axes.plot([x], [mean], "o", color=colour, ms=6)
        taken.append((x, mean))
    _label(axes, known, taken, lettering)


def _label(
    axes: Axes,
    known: Sequence[tuple[float, CostPoint]],
    places: Sequence[tuple[float, float]],
    lettering: Lettering,
) -> None:
    """Names beside their dots, on the side where no other dot is near."""
    from matplotlib.text import Annotation

    figure = axes.figure
    boxes: list[tuple[float, float, float, float]] = []
    dots = [tuple(axes.transData.transform(place)) for place in places]
    height, letter = 14 * figure.dpi / 72, 5.2 * figure.dpi / 72
    for (x, point), place, dot in zip(known, places, dots, strict=True):
        name = lettering.fit(point.name, 26)
        width = letter * len(name)
        options = [
            (dx, dy, "left" if dx > 0 else "right" if dx < 0 else "center")
            for dy in (0, 11, -11, 22, -22)
            for dx in (8, -8, 0)
            if dx or dy
        ]

        def cost(option: tuple[float, float, str]) -> float:
            dx, dy, side = option
            left = dot[0] + dx * figure.dpi / 72 - {"left": 0, "right": width, "center": width / 2}[side]
            low = dot[1] + dy * figure.dpi / 72 - height / 2
            box = (left, low, left + width, low + height)
            hits = sum(_overlap(box, other) for other in boxes)
            hits += sum(box[0] < a < box[2] and box[1] < b < box[3] for a, b in dots)
            return 10 * hits + abs(dy) / 11

        dx, dy, side = min(options, key=cost)
        left = dot[0] + dx * figure.dpi / 72 - {"left": 0, "right": width, "center": width / 2}[side]
        low = dot[1] + dy * figure.dpi / 72 - height / 2
        boxes.append((left, low, left + width, low + height))
        text: Annotation = axes.annotate(
            name, place, (dx, dy), textcoords="offset points", ha=side, va="center", size=8
        )
        text.set_gid("name")


def _overlap(
    a: tuple[float, float, float, float], b: tuple[float, float, float, float]
) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
