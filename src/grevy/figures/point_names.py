"""Names beside points, where they cover neither a point nor a line nor each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grevy.figures.page import DPI, SMALL, line_height, text_width, wrap
from grevy.figures.windows import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH = 1.3
"""Inches after which a name goes on in the next line."""

_DOT, _GAP = 0.06, 0.04
"""Inches: half a dot, and what stays free around everything."""

_NEAR = 0.16
"""A name further from its point than this is tied to it by a line."""

_RASTER = 0.03
"""Inches between the places that are tried."""

_TRIED = 4000
"""So many of the nearest places are tried for one that a clear line leads to."""


@dataclass(frozen=True)
class NamedPoint:
    """A point, in the units of the axes.

    Attributes:
        low: lower end of the vertical line through it.
        high: the upper end.
    """

    name: str
    x: float
    y: float
    low: float
    high: float


def put_names(axes: Axes, points: Sequence[NamedPoint], colour: str) -> None:
    """Each name at the free place nearest to its point; the limits must be set before.

    Args:
        axes: where the points are drawn.
        points: those that come first have the first choice.
        colour: of the lines that tie a name to its point.
    """
    size = np.array([axes.bbox.width, axes.bbox.height]) / DPI
    dots = [_inches(axes, point.x, point.y, size) for point in points]
    taken = [np.concatenate([dot - _DOT, dot + _DOT]) for dot in dots]
    for point in points:
        low, high = (_inches(axes, point.x, end, size) for end in (point.low, point.high))
        taken.append(np.concatenate([low - 0.01, high + 0.01]))
    for index, (point, dot) in enumerate(zip(points, dots, strict=True)):
        lines = wrap(point.name, _WIDTH, SMALL)
        box = np.array(
            [max(text_width(line, SMALL) for line in lines), len(lines) * line_height(SMALL)]
        )
        own = np.isin(np.arange(len(taken)), (index, len(points) + index))
        middle = _nearest(dot, box, np.array(taken), own, size)
        near = np.clip(dot, middle - box / 2, middle + box / 2)
        taken.append(np.concatenate([middle - box / 2, middle + box / 2]))
        if np.hypot(*(near - dot)) > _NEAR:
            taken += _tie(axes, dot, near, size, colour)
        left = middle[0] - box[0] / 2
        axes.text(
            left / size[0], middle[1] / size[1], "\n".join(lines), transform=axes.transAxes,
            size=SMALL, va="center", linespacing=1.1,
        )  # fmt: skip


def _inches(axes: Axes, x: float, y: float, size: Floats) -> Floats:
    """Where a point lies, from the lower left corner of the axes."""
    pixels = axes.transData.transform((x, y))
    return np.asarray(axes.transAxes.inverted().transform(pixels) * size)


def _nearest(
    dot: Floats, box: Floats, taken_T4: Floats, own_T: NDArray[np.bool_], size: Floats
) -> Floats:
    """Middle of the free place for a box that is nearest to a dot, to its right where it can be.

    `own_T` tells which of what is taken is the dot itself and the line through it.
    """
    across, up = (
        np.arange(half, room - half, _RASTER) for half, room in zip(box / 2, size, strict=True)
    )
    middle_M2 = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    low_M2, high_M2 = middle_M2 - box / 2 - _GAP, middle_M2 + box / 2 + _GAP
    shared_MT2 = np.minimum(high_M2[:, None], taken_T4[:, 2:]) - np.maximum(
        low_M2[:, None], taken_T4[:, :2]
    )
    covered_M = np.prod(np.maximum(shared_MT2, 0), axis=2).sum(1)
    near_M2 = np.clip(dot, middle_M2 - box / 2, middle_M2 + box / 2)
    away_M = np.hypot(*(near_M2 - dot).T)
    beside_M = np.abs(middle_M2[:, 1] - dot[1]) + 0.5 * (middle_M2[:, 0] < dot[0]) * _NEAR
    order = np.lexsort((beside_M, np.round(away_M, 2), np.round(covered_M, 9)))
    free = [place for place in order[:_TRIED] if covered_M[place] <= 1e-9]
    clear = (p for p in free if away_M[p] <= _NEAR or _is_clear(dot, near_M2[p], taken_T4[~own_T]))
    return np.asarray(middle_M2[next(clear, order[0])])


def _is_clear(dot: Floats, near: Floats, taken_T4: Floats) -> bool:
    """Whether a line from a dot to its name meets nothing of what is taken."""
    part_P1 = np.linspace(0, 1, 2 + int(np.hypot(*(near - dot)) / 0.01))[:, None]
    step_P12 = (dot + (near - dot) * part_P1)[:, None]
    inside_PT2 = (step_P12 >= taken_T4[:, :2]) & (step_P12 <= taken_T4[:, 2:])
    return not inside_PT2.all(2).any()


def _tie(axes: Axes, dot: Floats, near: Floats, size: Floats, colour: str) -> list[Floats]:
    """A thin line from a point to its name, and what it takes of the room, in small boxes."""
    start = dot + (near - dot) * _DOT / np.hypot(*(near - dot))
    ends = np.array([start, near])
    axes.plot(*(ends / size).T, transform=axes.transAxes, color=colour, lw=0.6)
    steps = np.linspace(start, near, max(2, int(np.hypot(*(near - start)) / _GAP)))
    return [np.concatenate([step - 0.01, step + 0.01]) for step in steps]
