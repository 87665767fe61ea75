"""The pictures that a change turned right, and those that it turned wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grevy.figures.lettering import Lettering
from grevy.figures.page import MARGIN, SMALL, TEXT, drawing, line_height, new_page, wrap
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
    """Each group under its heading, at most 16 pictures of it, each with its true class.

    Args:
        groups: may be empty of pictures.
        title: drawn above.
        notes: drawn below.
    """
    with drawing([title, *(name for group in groups for name in group.names)]) as lettering:
        size = shown_size(groups[0].images_NHWC.shape[1:3], _SIDE)
        parts = [_rows(group, size[1], lettering) for group in groups]
        head = line_height(TEXT) + 0.08
        width = max(2 * MARGIN + COLUMNS * (size[1] + _GAP), 6.0)
        height = sum(head + 0.1 + sum(row.height(size) for row in rows) for rows in parts)
        page = new_page(width, height, lettering.line(title), [*notes, *lettering.notes])
        canvas, top = page.canvas(), 0.0
        for group, rows in zip(groups, parts, strict=True):
            page.text(MARGIN, top, group.heading, weight="bold")
            top += head
            for row in rows:
                for column, (picture, name) in enumerate(zip(row.pictures, row.names, strict=True)):
                    left = MARGIN + column * (size[1] + _GAP)
                    put_picture(canvas, picture, left, top, size)
                    page.text(left, top + size[0] + 0.03, "\n".join(name), size=SMALL)
                top += row.height(size)
            top += 0.1
    return page.figure


@dataclass(frozen=True)
class _Row:
    """Pictures beside each other, and what stands below each, in lines."""

    pictures: NDArray[np.uint8]
    names: list[list[str]]

    def height(self, size: tuple[float, float]) -> float:
        """Inches."""
        return size[0] + max(map(len, self.names)) * line_height(SMALL) + 0.12


def _rows(group: FlippedPictures, width: float, lettering: Lettering) -> list[_Row]:
    pictures = to_rgb(group.images_NHWC[:SHOWN])
    names = [f"true: {lettering.line(name, 40)}" for name in group.names[:SHOWN]]
    lines = [wrap(name, width + _GAP / 2, SMALL) for name in names]
    starts = range(0, len(names), COLUMNS)
    return [_Row(pictures[i : i + COLUMNS], lines[i : i + COLUMNS]) for i in starts]
