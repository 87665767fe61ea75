"""The name of a line at its end, where a reader looks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grevy.figures.page import DPI, TEXT, line_height
from grevy.figures.windows import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_GAP = 0.07
"""Inches from the edge of the axes to the names."""


@dataclass(frozen=True)
class LineEnd:
    """A line's name; one name may take several lines.

    Attributes:
        value: where the line ends, in the units of the axis.
    """

    name: str
    value: float
    colour: str


def put_line_ends(axes: Axes, ends: Sequence[LineEnd]) -> None:
    """Names at the right edge, as near to where the lines end as they have room for each other.

    The limits of the axes must be set before.
    """
    width, height = axes.bbox.width / DPI, axes.bbox.height / DPI
    bottom, top = axes.get_ylim()
    wanted = np.array([height * (end.value - bottom) / (top - bottom) for end in ends])
    heights = np.array([line_height(TEXT) * (end.name.count("\n") + 1) for end in ends])
    for end, place in zip(ends, apart(wanted, heights, height), strict=True):
        axes.text(
            1 + _GAP / width, place / height, end.name, transform=axes.transAxes,
            color=end.colour, weight="bold", va="center_baseline",
        )  # fmt: skip


def apart(wanted_N: Floats, heights_N: Floats, room: float) -> Floats:
    """Middles of N boxes near to where they are wanted, none on another, between 0 and `room`.

    Moved up from the lowest as far as none overlaps, and then down from the top.
    """
    order, half_N, middle_N = np.argsort(wanted_N, kind="stable"), heights_N / 2, wanted_N.copy()
    edge = 0.0
    for i in order:
        middle_N[i] = max(wanted_N[i], edge + half_N[i])
        edge = middle_N[i] + half_N[i]
    edge = room
    for i in order[::-1]:
        middle_N[i] = min(middle_N[i], edge - half_N[i])
        edge = middle_N[i] - half_N[i]
    return middle_N
