"""Where tiles stand on the page, and how they get there: as one picture, with stamped text.

One picture for the whole grid and stamped text instead of axes for each tile: that makes a grid
of 128 tiles ten times as fast.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, zip_longest
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grevy.figures.colours import FAINT, INK, OKABE_ITO
from grevy.figures.page import DPI, TEXT, Page, line_height, snap
from grevy.figures.stamps import Line, stamp, stamp_lines, stamp_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LARGEST = 256
"""Pixels of the page: only a picture with a longer side is shrunk."""

_TITLE, _NUMBERS = 8.0, 6.0
"""Font sizes in points."""

GAP = 0.12
"""Inches between tiles."""

_ABOVE, _BELOW = 0.04, 0.1
"""Inches from a tile to the lines that the title and the first numbers stand on."""

_RIM, _OUTLINE = 1, 176
"""Pixels and gray of the thin line around a tile, so that a pale one is seen."""

_MARK = OKABE_ITO["orange"]


@dataclass(frozen=True)
class Tile:
    """One small picture.

    Attributes:
        picture_HW3: uint8 RGB, a pixel a value, as `render` or `filter_rgb` made it.
        title: above it, as "14".
        numbers: below it, as `numerals.numbers` made them.
        marked: framed, because it was chosen or is dead; the title or the numbers say why.
    """

    picture_HW3: NDArray[np.uint8]
    title: str
    numbers: str
    marked: bool = False


@dataclass(frozen=True)
class Grid:
    """Tiles at their size on the page, and the inches that columns and rows take.

    Attributes:
        rows: tiles whose pictures have the pixels of the page.
        widths: of the columns, without the gaps between them.
        heads: of the titles above each row.
        heights: of the rows, with titles, numbers and gap.
    """

    rows: tuple[tuple[Tile, ...], ...]
    widths: tuple[float, ...]
    heads: tuple[float, ...]
    heights: tuple[float, ...]

    @property
    def width(self) -> float:
        """Inches."""
        return max(0.0, sum(self.widths) + GAP * (len(self.widths) - 1))

    @property
    def height(self) -> float:
        """Inches."""
        return sum(self.heights)


def enlargement(shape_HW: tuple[int, ...], target: float) -> int:
    """The whole number by which a picture is enlarged; negative: by which it is shrunk.

    It brings the longer side nearest to `target` inches. A picture is shrunk only where it is
    larger than `LARGEST` pixels, so that no value is lost without need.
    """
    longest = max(shape_HW)
    if longest > LARGEST:
        return -math.ceil(longest / LARGEST)
    return max(1, round(target * DPI / longest))


def scaled(picture_HW3: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """Each pixel as a square of `factor` pixels, or the mean colour of so many as one pixel."""
    if factor > 0:
        return picture_HW3.repeat(factor, axis=0).repeat(factor, axis=1)
    sums, counts = picture_HW3.astype(np.float64), np.ones((*picture_HW3.shape[:2], 1))
    for axis in (0, 1):
        starts = np.arange(0, picture_HW3.shape[axis], -factor)
        sums, counts = (np.add.reduceat(array, starts, axis=axis) for array in (sums, counts))
    return np.rint(sums / counts).astype(np.uint8)


def lay_out(rows: Sequence[Sequence[Tile]], target: float) -> Grid:
    """Sizes for tiles whose longer sides are brought near to `target` inches.

    A column is as wide as its widest picture or its longest word; texts are wrapped in it.
    """
    sized = tuple(tuple(_sized(tile, target) for tile in row) for row in rows)
    columns = [[t for t in column if t is not None] for column in zip_longest(*sized)]
    widths = tuple(snap(max(map(_least_width, column))) for column in columns)
    heads, heights = [], []
    for row in sized:
        titles = _most_lines([tile.title for tile in row], widths, _TITLE)
        numbers = _most_lines([tile.numbers for tile in row], widths, _NUMBERS)
        head = titles * line_height(_TITLE) + _ABOVE
        foot = _BELOW + numbers * line_height(_NUMBERS)
        heads.append(snap(head))
        heights.append(snap(head) + _height(row) + snap(foot + GAP))
    return Grid(sized, widths, tuple(heads), tuple(heights))


def _most_lines(texts: Sequence[str], widths: Sequence[float], size: float) -> int:
    wrapped = (stamp_lines(text, width, size) for text, width in zip(texts, widths, strict=False))
    return max(map(len, wrapped), default=0)


def _sized(tile: Tile, target: float) -> Tile:
    factor = enlargement(tile.picture_HW3.shape[:2], target)
    return replace(tile, picture_HW3=scaled(tile.picture_HW3, factor))


def _least_width(tile: Tile) -> float:
    words = [stamp_width(word, _TITLE) for word in tile.title.split(" ")]
    numbers = [stamp_width(word, _NUMBERS) for word in tile.numbers.split(" ")]
    return float(max(float(tile.picture_HW3.shape[1]) / DPI, *words, *numbers))


def put_grid(
    page: Page,
    canvas: Axes,
    grid: Grid,
    corner: tuple[float, float],
    row_titles: Sequence[Sequence[str]],
) -> None:
    """Draw all tiles with their texts.

    Args:
        page: inside a `drawing` block.
        canvas: of that page.
        grid: as `lay_out` made it.
        corner: inches from the left edge of the page and from below the title.
        row_titles: none, or for each row the lines that stand left of it.
    """
    corner = snap(corner[0]), snap(corner[1])
    cells = _placed(grid, corner)
    _put_pictures(canvas, grid, cells, corner)
    _mark(canvas, [cell for cell in cells if cell.tile.marked])
    stamp(page, canvas, [line for cell in cells for line in _title(cell)], _TITLE)
    stamp(page, canvas, [line for cell in cells for line in _numbers(cell)], _NUMBERS, FAINT)
    tops = accumulate(grid.heights, initial=corner[1])
    for lines, row, head, top in zip(row_titles, grid.rows, grid.heads, tops, strict=False):
        middle = top + head + _height(row) / 2
        page.text(corner[0] - GAP, middle, "\n".join(lines), ha="right", va="center", size=TEXT)


@dataclass(frozen=True)
class _Cell:
    """A tile, the upper left corner of its picture, and the width of its column, in inches."""

    tile: Tile
    left: float
    top: float
    width: float

    @property
    def foot(self) -> float:
        return self.top + _height([self.tile])


def _height(tiles: Sequence[Tile]) -> float:
    return max((len(tile.picture_HW3) for tile in tiles), default=0) / DPI


def _placed(grid: Grid, corner: tuple[float, float]) -> list[_Cell]:
    lefts = list(accumulate((width + GAP for width in grid.widths), initial=corner[0]))
    tops = accumulate(grid.heights, initial=corner[1])
    return [
        _Cell(tile, left, top + head, width)
        for row, top, head in zip(grid.rows, tops, grid.heads, strict=False)
        for tile, left, width in zip(row, lefts, grid.widths, strict=False)
    ]


def _title(cell: _Cell) -> list[Line]:
    lines = stamp_lines(cell.tile.title, cell.width, _TITLE)
    step = line_height(_TITLE)
    first = cell.top - _ABOVE - (len(lines) - 1) * step
    return [Line(text, cell.left, first + i * step) for i, text in enumerate(lines)]


def _numbers(cell: _Cell) -> list[Line]:
    lines = stamp_lines(cell.tile.numbers, cell.width, _NUMBERS)
    step = line_height(_NUMBERS)
    return [Line(text, cell.left, cell.foot + _BELOW + i * step) for i, text in enumerate(lines)]


def _put_pictures(
    canvas: Axes, grid: Grid, cells: Sequence[_Cell], corner: tuple[float, float]
) -> None:
    """All pictures, each with a thin line around it, as one picture of the page's pixels."""
    if not cells:
        return
    left, top = corner[0] - _RIM / DPI, corner[1]
    height, width = round(grid.height * DPI), round(grid.width * DPI) + 2 * _RIM
    sheet_HW4 = np.full((height, width, 4), 255, np.uint8)  # Matplotlib is faster with opacity
    for cell in cells:
        row, column = round((cell.top - top) * DPI), round((cell.left - left) * DPI)
        rows, columns = cell.tile.picture_HW3.shape[:2]
        sheet_HW4[row - _RIM : row + rows + _RIM, column - _RIM : column + columns + _RIM, :3] = (
            _OUTLINE
        )
        sheet_HW4[row : row + rows, column : column + columns, :3] = cell.tile.picture_HW3
    extent = (left, left + width / DPI, top + height / DPI, top)
    canvas.imshow(sheet_HW4, extent=extent, aspect="auto", interpolation="none", gid="tiles")


def _mark(canvas: Axes, cells: Sequence[_Cell]) -> None:
    """Frames with a dark rim, so that they are seen on any colour."""
    from matplotlib.collections import PolyCollection

    boxes = [
        [(cell.left, cell.top), (right, cell.top), (right, cell.foot), (cell.left, cell.foot)]
        for cell in cells
        for right in [cell.left + cell.tile.picture_HW3.shape[1] / DPI]
    ]
    for width, colour in ((3.4, INK), (2.0, _MARK)):
        frames = PolyCollection(
            boxes, facecolors="none", edgecolors=colour, linewidths=width, joinstyle="miter"
        )
        frames.set_gid("marks")
        canvas.add_collection(frames, autolim=False)
