"""The key to the colours of a row: an upright bar beside it, with the values at its ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grevy.figures.numerals import numeral
from grevy.figures.page import Page, snap
from grevy.figures.scale import Scale, render
from grevy.figures.stamps import Line, stamp, stamp_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Look = Callable[[NDArray[np.float64], Scale], NDArray[np.uint8]]
"""How values [H, 1] look on a scale: uint8 RGB [H, W, 3], a row a value."""

SIZE = 7.0
"""Points of its numbers."""

_BAR, _TALLEST, _LEAST = 0.12, 1.6, 0.42
"""Inches: width of the bar, its largest height, and the least that three numbers need."""

_BESIDE, _LETTER, _GAP = 0.05, 0.075, 0.08
"""Inches: from bar to number, height of a digit, from the bar to the square of NaN."""

_STEPS = 201
_EDGE = "#B0B0B0"


def bar_width(scale: Scale) -> float:
    """Inches that a bar takes with its numbers; to be called inside a `drawing` block."""
    texts = [*map(numeral, _named(scale)), *(["NaN"] if scale.absent else [])]
    return _BAR + _BESIDE + max(stamp_width(text, SIZE) for text in texts)


def put_bar(
    page: Page, canvas: Axes, scale: Scale, corner: tuple[float, float], height: float,
    look: Look = render,
) -> None:  # fmt: skip
    """A colour bar, and below it a square for what is not a number if there is any.

    Args:
        page: inside a `drawing` block.
        canvas: of that page.
        scale: whose colours are explained.
        corner: inches from the left edge of the page and from below the title.
        height: inches of the row beside which it stands.
        look: of the values, where they are not drawn in the plain colours of the scale.
    """
    left, top = snap(corner[0]), snap(corner[1])
    below = _BAR + _GAP if scale.absent else 0.0
    tall = snap(max(_LEAST, min(height - below, _TALLEST)))
    _put_box(canvas, look(_ramp(scale), scale), (left, top), (_BAR, tall))
    marks = [(numeral(value), top + tall * _part(value, scale)) for value in _named(scale)]
    marks = [
        (text, min(max(at, top + _LETTER / 2), top + tall - _LETTER / 2)) for text, at in marks
    ]
    if scale.absent:
        square = top + tall + _GAP
        _put_box(canvas, look(np.array([[np.nan]]), scale), (left, square), (_BAR, _BAR))
        marks.append(("NaN", square + _BAR / 2))
    beside = left + _BAR + _BESIDE
    stamp(page, canvas, [Line(text, beside, at + _LETTER / 2) for text, at in marks], SIZE)


def _ramp(scale: Scale) -> NDArray[np.float64]:
    """Values [H, 1] from the upper end to the lower one."""
    return np.linspace(scale.high, scale.low, _STEPS)[:, None]


def _named(scale: Scale) -> list[float]:
    """The values that stand beside the bar."""
    return sorted({scale.low, 0.0, scale.high})


def _part(value: float, scale: Scale) -> float:
    """How far down the bar a value lies, from 0 to 1."""
    extent = scale.high - scale.low
    return (scale.high - value) / extent if extent else 0.5


def _put_box(
    canvas: Axes, colours_HW3: NDArray[np.uint8], corner: tuple[float, float],
    size: tuple[float, float],
) -> None:  # fmt: skip
    from matplotlib.patches import Rectangle

    (left, top), (width, height) = corner, size
    extent = (left, left + width, top + height, top)
    canvas.imshow(colours_HW3, extent=extent, aspect="auto", interpolation="none", gid="bar")
    canvas.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=_EDGE, linewidth=0.7))
