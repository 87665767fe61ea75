"""A picture and the same moved by a pixel: activations before and after pooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grevy.figures.page import MARGIN, TEXT, drawing, line_height, new_page
from grevy.figures.scale import activations_scale, changes_scale, render

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
SIDE = 1.9
"""Inches of a picture's longer side."""

_GAP, _LEFT = 0.15, 0.95
_HEADS = ("picture", "activations", "after pooling")
_ROWS = ("as it is", "moved by\n1 pixel", "difference")


def draw_shift(pictures_HW: Sequence[Floats], pairs: Sequence[tuple[Floats, Floats]]) -> Figure:
    """Rows: as it is, moved, their difference; columns: the picture, activations, pooled.

    Args:
        pictures_HW: as it is and moved, in [0, 1].
        pairs: activations of both, before and after pooling.
    """
    columns = [_gray(pictures_HW), *(_maps(pair) for pair in pairs)]
    height, width = pictures_HW[0].shape
    size = (SIDE * height / max(height, width), SIDE * width / max(height, width))
    head = line_height(TEXT) + 0.05
    page_width = _LEFT + len(columns) * (size[1] + _GAP) + MARGIN
    notes = ["Each column has one scale; differences are blue where less and red where more."]
    with drawing():
        page = new_page(
            page_width, head + len(_ROWS) * (size[0] + _GAP), "Moved by one pixel", notes
        )
        canvas = page.canvas()
        for place, (name, tiles) in enumerate(zip(_HEADS, columns, strict=True)):
            left = _LEFT + place * (size[1] + _GAP)
            page.text(left, 0, name)
            for row, tile_HW3 in enumerate(tiles):
                top = head + row * (size[0] + _GAP)
                box = (left, left + size[1], top + size[0], top)
                canvas.imshow(tile_HW3, extent=box, aspect="auto", interpolation="nearest")
        for row, name in enumerate(_ROWS):
            page.text(MARGIN, head + row * (size[0] + _GAP) + size[0] / 2, name, va="center")
    return page.figure


def _gray(pictures_HW: Sequence[Floats]) -> list[NDArray[np.uint8]]:
    still, moved = pictures_HW
    shown = [np.repeat((255 * p).astype(np.uint8)[:, :, None], 3, axis=2) for p in (still, moved)]
    return [*shown, _difference(still, moved)]


def _maps(pair: tuple[Floats, Floats]) -> list[NDArray[np.uint8]]:
    scale = activations_scale(pair)
    return [*(render(values, scale) for values in pair), _difference(*pair)]


def _difference(before_HW: Floats, after_HW: Floats) -> NDArray[np.uint8]:
    change_HW = after_HW - before_HW
    return render(change_HW, changes_scale([before_HW, after_HW, change_HW]))
