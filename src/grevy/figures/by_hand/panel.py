"""A sheet of numbers on the page: cells with their numbers in them, or pixels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from grevy.arithmetic.calculation import Pair
from grevy.figures.by_hand.sheets import Sheet
from grevy.figures.colours import ABSENT, FAINT, INK, OKABE_ITO
from grevy.figures.page import Page
from grevy.figures.render import put_picture

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

MARK = OKABE_ITO["orange"]
"""Colour of every frame; its dark rim makes it visible on any other colour."""

_LINE = "#B0B0B0"
_INDEX = 7.0
_LEAST_FRAME = 0.1
"""Inches: a frame around less than that of a picture is drawn larger."""


@dataclass(frozen=True)
class Panel:
    """A sheet and where it lies.

    Attributes:
        sheet: what is shown.
        left: inches from the left edge of the page.
        top: inches from below the title.
        cell: height and width of a cell in inches.
        size: of the numbers, in points.
    """

    sheet: Sheet
    left: float
    top: float
    cell: tuple[float, float]
    size: float

    @property
    def width(self) -> float:
        """Inches."""
        return self.sheet.shape[1] * self.cell[1]

    @property
    def height(self) -> float:
        """Inches."""
        return self.sheet.shape[0] * self.cell[0]

    def corner(self, row: float, column: float) -> tuple[float, float]:
        """Inches to the upper left corner of a cell: from the left, and from below the title."""
        return (
            self.left + (column - self.sheet.first[1]) * self.cell[1],
            self.top + (row - self.sheet.first[0]) * self.cell[0],
        )

    def showing(self, sheet: Sheet) -> Panel:
        """The same place with another sheet."""
        return replace(self, sheet=sheet)


def put_panel(canvas: Axes, panel: Panel, cells: Iterable[Pair] | None = None) -> list[Artist]:
    """Draw all of a panel, or only these cells and nothing where the others are."""
    chosen = panel.sheet.cells() if cells is None else list(cells)
    if panel.sheet.written:
        return _put_numbers(canvas, panel, chosen)
    return _put_pixels(canvas, panel, chosen)


def put_empty(canvas: Axes, panel: Panel) -> None:
    """The outlines of cells that are still to be worked."""
    if panel.sheet.written:
        _put_cells(canvas, panel, panel.sheet.cells(), filled=False)
    else:
        _put_outline(canvas, panel)


def put_indices(page: Page, panel: Panel) -> None:
    """Numbers of the rows at the left and of the columns above, padding left out."""
    rows, columns = panel.sheet.inside
    style = {"size": _INDEX, "color": FAINT}
    for row in range(rows):
        left, top = panel.corner(row + 0.5, panel.sheet.first[1])
        page.text(left - 0.05, top, str(row), ha="right", **{**style, "va": "center"})
    for column in range(columns):
        left, top = panel.corner(panel.sheet.first[0], column + 0.5)
        page.text(left, top - 0.03, str(column), ha="center", **{**style, "va": "bottom"})


def frame(
    canvas: Axes, panel: Panel, first: Pair, shape: Pair, gid: str, *, inset: float = 0.0
) -> Artist:
    """A bold frame around cells.

    Args:
        canvas: of the page.
        panel: on which the cells lie.
        first: row and column of the upper left one.
        shape: rows and columns that are framed.
        gid: by which the frame can be found.
        inset: inches by which it lies inside the cells' edges; thinner if it does.
    """
    from matplotlib.patches import Rectangle
    from matplotlib.patheffects import withStroke

    left, top = panel.corner(*first)
    height, width = shape[0] * panel.cell[0], shape[1] * panel.cell[1]
    grow_y, grow_x = (max(0.0, _LEAST_FRAME - side) / 2 - inset for side in (height, width))
    line = 1.3 if inset or not panel.sheet.written else 2.4
    rectangle = Rectangle(
        (left - grow_x, top - grow_y), width + 2 * grow_x, height + 2 * grow_y,
        fill=False, edgecolor=MARK, linewidth=line, joinstyle="miter", zorder=4, gid=gid,
        path_effects=[withStroke(linewidth=line + 1.4, foreground=INK)],
    )  # fmt: skip
    return canvas.add_patch(rectangle)


def _put_numbers(canvas: Axes, panel: Panel, cells: Sequence[Pair]) -> list[Artist]:
    sheet = panel.sheet
    drawn: list[Artist] = []
    for padding in (False, True):
        part = [cell for cell in cells if sheet.is_padding(*cell) == padding]
        if part:
            drawn.append(_put_cells(canvas, panel, part, filled=True))
    for row, column in cells:
        x, y = panel.corner(row + 0.5, column + 0.5)
        faint = sheet.is_padding(row, column)
        drawn.append(
            canvas.text(
                x, y, sheet.text(row, column), size=panel.size, ha="center", va="center_baseline",
                color=_ink(sheet.colour(row, column), faint=faint), zorder=3,
                gid=f"{sheet.name} at {row},{column}",
            )
        )  # fmt: skip
    return drawn


def _put_cells(canvas: Axes, panel: Panel, cells: Sequence[Pair], *, filled: bool) -> Artist:
    """Cells of one kind, all inside or all padding, as one artist."""
    from matplotlib.collections import PolyCollection

    padding = panel.sheet.is_padding(*cells[0])
    corners = [((0, 0), (0, 1), (1, 1), (1, 0))] * len(cells)
    boxes = [
        [panel.corner(row + down, column + right) for down, right in four]
        for (row, column), four in zip(cells, corners, strict=True)
    ]
    collection = PolyCollection(
        boxes,
        facecolors=[panel.sheet.colour(*cell) if filled else "white" for cell in cells],
        edgecolors=ABSENT if padding else _LINE,
        linewidths=0.7,
        linestyles="--" if padding else "-",
        hatch="////" if padding else None,
        zorder=1.0 if padding else 1.5,
        gid=f"{panel.sheet.name} {'padding' if padding else 'cells'}",
    )
    canvas.add_collection(collection, autolim=False)
    return collection


def _put_pixels(canvas: Axes, panel: Panel, cells: Sequence[Pair]) -> list[Artist]:
    """The picture; pixels of cells left out are white."""
    sheet = panel.sheet
    before = set(canvas.images)
    picture_HW3 = np.full_like(sheet.colours_HW3, 255)
    row_N, column_N = (np.array(cells, np.intp).reshape(-1, 2) - sheet.first).T
    picture_HW3[row_N, column_N] = sheet.colours_HW3[row_N, column_N]
    put_picture(canvas, picture_HW3, panel.left, panel.top, (panel.height, panel.width))
    (image,) = set(canvas.images) - before
    image.set_gid(f"{sheet.name} picture")
    return [image, _put_outline(canvas, panel)]


def _put_outline(canvas: Axes, panel: Panel) -> Artist:
    from matplotlib.patches import Rectangle

    place = panel.corner(*panel.sheet.first)
    outline = Rectangle(
        place, panel.width, panel.height, fill=False, edgecolor=_LINE, linewidth=0.7, zorder=1.6
    )
    return canvas.add_patch(outline)


def _ink(colour: tuple[float, float, float], *, faint: bool = False) -> str:
    """The colour of text on this one: white where it is dark; else dark, or fainter if asked."""
    red, green, blue = (part**2.2 for part in colour)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    if luminance <= 0.25:
        return "white"
    return FAINT if faint and luminance > 0.5 else INK


def letter(canvas: Axes, panel: Panel, cell: Pair, text: str) -> Artist:
    """A small letter in the upper left corner of a cell."""
    x, y = panel.corner(*cell)
    return canvas.text(
        x + 0.08, y + 0.06, text, size=_INDEX, va="top", zorder=5,
        color=_ink(panel.sheet.colour(*cell)), gid=f"{panel.sheet.name} letter",
    )  # fmt: skip
