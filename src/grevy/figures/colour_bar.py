"""The key to the colours: a bar with the values at its ends, and what the scale leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grevy.figures.colours import FAINT
from grevy.figures.numerals import numeral
from grevy.figures.page import MARGIN, SMALL, Page, line_height
from grevy.figures.scale import Scale, render
from grevy.figures.stamps import Line, stamp, stamp_lines, stamp_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BAR, _HEIGHT = 2.0, 0.14
_GAP = 0.3
_UNDER = 0.13
"""Inches: the bar, between it and what follows, from its foot to the line its numbers stand on."""

_STEPS = 201
_EDGE = "#B0B0B0"


def key_height(scale: Scale, width: float) -> float:
    """Inches that `put_key` takes, with the room below it."""
    return max(_HEIGHT + _UNDER, len(_note(scale, width)) * line_height(SMALL)) + 0.14


def put_key(page: Page, canvas: Axes, scale: Scale, top: float, width: float) -> None:
    """A colour bar, a square for what is not a number if there is any, and the scale's note.

    Args:
        page: inside a `drawing` block.
        canvas: of that page.
        scale: whose colours are explained.
        top: inches from below the title.
        width: inches of the page between its margins.
    """
    _put_box(canvas, np.linspace(scale.low, scale.high, _STEPS), scale, (MARGIN, top), _BAR)
    marks = [(value, MARGIN + _BAR * _part(value, scale)) for value in _named(scale)]
    if scale.absent:
        left = MARGIN + _BAR + _GAP
        _put_box(canvas, np.array([np.nan]), scale, (left, top), _HEIGHT)
        marks.append((np.nan, left + _HEIGHT / 2))
    foot = top + _HEIGHT + _UNDER
    stamp(page, canvas, [_centred(numeral(value), at, foot) for value, at in marks], SMALL)
    base, step = top + 0.1, line_height(SMALL)
    note = enumerate(_note(scale, width))
    left = MARGIN + _taken(scale)
    stamp(page, canvas, [Line(text, left, base + i * step) for i, text in note], SMALL, FAINT)


def _named(scale: Scale) -> list[float]:
    """The values that stand below the bar."""
    return sorted({scale.low, 0.0, scale.high})


def _part(value: float, scale: Scale) -> float:
    """How far along the bar a value lies, from 0 to 1."""
    extent = scale.high - scale.low
    return (value - scale.low) / extent if extent else 0.5


def _centred(text: str, at: float, base: float) -> Line:
    return Line(text, max(MARGIN, at - stamp_width(text, SMALL) / 2), base)


def _taken(scale: Scale) -> float:
    """Inches left of the note."""
    return _BAR + _GAP + (_HEIGHT + _GAP if scale.absent else 0.0)


def _note(scale: Scale, width: float) -> list[str]:
    return stamp_lines(scale.note, width - _taken(scale), SMALL)


def _put_box(
    canvas: Axes, values_W: NDArray[np.float64], scale: Scale, corner: tuple[float, float],
    width: float,
) -> None:  # fmt: skip
    from matplotlib.patches import Rectangle

    left, top = corner
    canvas.imshow(
        render(values_W[None], scale),
        extent=(left, left + width, top + _HEIGHT, top),
        aspect="auto",
        interpolation="none",
    )
    canvas.add_patch(Rectangle(corner, width, _HEIGHT, fill=False, edgecolor=_EDGE, linewidth=0.7))
