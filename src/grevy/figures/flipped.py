"""The pictures that a change turned right, and those that it turned wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grevy.figures.page import MARGIN, SMALL, TEXT, drawing, line_height, new_page
from grevy.figures.render import put_picture, shown_size, to_rgb

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN, COLUMNS = 16, 8
_SIDE, _GAP = 0.95, 0.15


@dataclass(frozen=True)
class FlippedPictures:
    """Some of the pictures that changed one way.

    Attributes:
        heading: such as "412 pictures turned right".
        images_NHWC: uint8, the clearest change first.
        names: class of each.
    """

    heading: str
    images_NHWC: NDArray[np.uint8]
    names: Sequence[str]


def draw_flipped(
    groups: Sequence[FlippedPictures], title: str, notes: Sequence[str] = ()
) -> Figure:
    """Each group under its heading, at most 16 pictures of it.

    Args:
        groups: may be empty of pictures.
        title: drawn above.
        notes: drawn below.
    """
    with drawing([title, *(name for group in groups for name in group.names)]) as lettering:
        size = shown_size(groups[0].images_NHWC.shape[1:3], _SIDE)
        cell_height = size[0] + line_height(SMALL) + 0.12
        head = line_height(TEXT) + 0.08
        rows = [math.ceil(min(SHOWN, len(group.names)) / COLUMNS) for group in groups]
        height = sum(head + row * cell_height + 0.1 for row in rows)
        width = 2 * MARGIN + COLUMNS * (size[1] + _GAP)
        page = new_page(width, height, lettering.line(title), [*notes, *lettering.notes])
        canvas = page.canvas()
        top = 0.0
        for group, count in zip(groups, rows, strict=True):
            page.text(MARGIN, top, group.heading, weight="bold")
            for index, picture in enumerate(to_rgb(group.images_NHWC[:SHOWN])):
                left = MARGIN + index % COLUMNS * (size[1] + _GAP)
                place = top + head + index // COLUMNS * cell_height
                put_picture(canvas, picture, left, place, size)
                name = lettering.line(group.names[index], 14)
                page.text(left, place + size[0] + 0.03, name, size=SMALL)
            top += head + count * cell_height + 0.1
    return page.figure
