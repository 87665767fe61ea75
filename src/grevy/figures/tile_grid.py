"""Where tiles stand on the page, and how they get there: as one picture, with stamped text.

One picture for the whole grid and stamped text instead of axes for each tile: that makes a grid
of 128 tiles ten times as fast.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grevy.figures.colours import FAINT, INK, OKABE_ITO
from grevy.figures.page import DPI, SMALL, Page, line_height, snap
from grevy.figures.stamps import Line, stamp, stamp_lines, stamp_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LARGEST = 256
"""Pixels of the page: only a picture with a longer side is shrunk."""

GAP = 0.1
"""Inches between tiles."""

_TITLE, _NUMBERS = SMALL, 7.0
"""Font sizes in points."""

_ABOVE, _BELOW = 0.04, 0.12
"""Inches from a tile to the lines that the title and the first numbers stand on."""

_UNDER = 0.04
"""Inches below the last numbers."""

_RIM, _OUTLINE = 1, 176
"""Pixels and gray of the thin line around a tile, so that a pale one is seen."""

_MARK = OKABE_ITO["orange"]


@dataclass(frozen=True)
class Tile:
    """One small picture.

    Attributes:
        picture_HW3: uint8 RGB, a pixel a value, as `render` or `filter_rgb` made it.
        title: above it, as "14".
        numbers: its own, as `numerals.numbers` made them; drawn below it where the tiles beside it
            have no line of numbers together.
        marked: framed, because it was chosen or is dead; the title or the numbers say why.
    """

    picture_HW3: NDArray[np.uint8]
    title: str
    numbers: str = ""
    marked: bool = False


@dataclass(frozen=True)
class Grid:
    """Tiles at their size on the page, and the inches that columns and rows take.

    Attributes:
        rows: tiles whose pictures have the pixels of the page.
        column: width of every column, without the gap behind it.
        heads: of the titles above each row.
        heights: of the rows, with titles and numbers.
        group: so many columns belong together and stand apart from the next; 0: all do.
    """

    rows: tuple[tuple[Tile, ...], ...]
    column: float
    heads: tuple[float, ...]
    heights: tuple[float, ...]
    group: int = 0

    @property
    def width(self) -> float:
        """Inches."""
        columns = max(map(len, self.rows), default=0)
        return self.left(columns - 1) + self.column if columns else 0.0

    @property
    def right(self) -> float:
        """Inches from the edge of the grid to where the last picture of the longest row ends."""
        longest = max(self.rows, key=len, default=())
        last = longest[-1].picture_HW3.shape[1] / DPI if longest else 0.0
        return self.left(len(longest) - 1) + last if longest else 0.0

    @property
    def height(self) -> float:
        """Inches."""
        return sum(self.heights) + GAP * max(0, len(self.heights) - 1)

    @property
    def tops(self) -> list[float]:
        """Inches from the top of the grid to the titles of each row."""
        ends = accumulate(height + GAP for height in self.heights)
        return [end - height - GAP for end, height in zip(ends, self.heights, strict=True)]

    def left(self, column: int) -> float:
        """Inches from the edge of the grid to this column, counted from 0."""
        apart = column // self.group * 2 * GAP if self.group else 0.0
        return column * (self.column + GAP) + apart


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


def cell_of(tiles: Iterable[Tile], target: float) -> int:
    """Pixels of the page that the longer side of each of these tiles has, or nearly has.

    The tile with the most pixels decides, since it can be enlarged by the coarsest steps only.
    """
    longest = max((max(tile.picture_HW3.shape[:2]) for tile in tiles), default=1)
    factor = enlargement((longest,), target)
    return longest * factor if factor > 0 else math.ceil(longest / -factor)


def cell_within(tiles: Iterable[Tile], target: float) -> int:
    """As `cell_of`, but not beyond `target` inches unless a third of them would stay empty."""
    longest = max((max(tile.picture_HW3.shape[:2]) for tile in tiles), default=1)
    if longest > LARGEST:
        return cell_of(tiles, target)
    factor = int(target * DPI) // longest
    return longest * (factor if factor * longest >= 0.67 * target * DPI else factor + 1)


def factor_in(shape_HW: tuple[int, ...], cell: int) -> int:
    """How often a picture is enlarged in a cell of so many pixels; negative: shrunk."""
    longest = max(shape_HW)
    return max(1, cell // longest) if longest <= LARGEST else -math.ceil(longest / LARGEST)


def lay_out(rows: Sequence[Sequence[Tile]], cell: int, pitch: float = 0.0, group: int = 0) -> Grid:
    """Sizes for tiles, each in its cell.

    Columns are equally wide, as the widest picture or the longest word; texts are wrapped in them.

    Args:
        rows: from the top; they may differ in length.
        cell: pixels, as `cell_of` gives it.
        pitch: inches from column to column on this page; a tile takes as many of them as it needs,
            so that it stands above others. 0: there are no others.
        group: of the grid.
    """
    sized = tuple(
        tuple(
            replace(t, picture_HW3=scaled(t.picture_HW3, factor_in(t.picture_HW3.shape[:2], cell)))
            for t in row
        )
        for row in rows
    )
    column = snap(max((_least_width(tile) for row in sized for tile in row), default=0.0))
    if pitch:
        column = snap(math.ceil((column + GAP) / pitch - 1e-6) * pitch - GAP)
    heads, heights = [], []
    for row in sized:
        titles = _most_lines([tile.title for tile in row], column, _TITLE)
        numbers = _most_lines([tile.numbers for tile in row], column, _NUMBERS)
        head = titles * line_height(_TITLE) + _ABOVE if titles else 0.0
        foot = _BELOW + (numbers - 1) * line_height(_NUMBERS) + _UNDER if numbers else 0.0
        heads.append(snap(head))
        heights.append(snap(head) + height_of(row) + snap(foot))
    return Grid(sized, column, tuple(heads), tuple(heights), group)


def height_of(tiles: Sequence[Tile]) -> float:
    """Inches of the highest picture in a row of a grid."""
    return max((len(tile.picture_HW3) for tile in tiles), default=0) / DPI


def _most_lines(texts: Sequence[str], width: float, size: float) -> int:
    return max((len(stamp_lines(text, width, size)) for text in texts if text), default=0)


def _least_width(tile: Tile) -> float:
    words = [stamp_width(word, _TITLE) for word in tile.title.split(" ")]
    numbers = [stamp_width(word, _NUMBERS) for word in tile.numbers.split(" ")]
    return float(max(float(tile.picture_HW3.shape[1]) / DPI, *words, *numbers))


def put_grid(page: Page, canvas: Axes, grid: Grid, corner: tuple[float, float]) -> None:
    """Draw all tiles with their texts.

    Args:
        page: inside a `drawing` block.
        canvas: of that page.
        grid: as `lay_out` made it.
        corner: inches from the left edge of the page and from below the title.
    """
    corner = snap(corner[0]), snap(corner[1])
    cells = _placed(grid, corner)
    _put_pictures(canvas, grid, cells, corner)
    _mark(canvas, [cell for cell in cells if cell.tile.marked])
    stamp(page, canvas, [line for cell in cells for line in _title(cell)], _TITLE)
    stamp(page, canvas, [line for cell in cells for line in _numbers(cell)], _NUMBERS, FAINT)


@dataclass(frozen=True)
class _Cell:
    """A tile, the upper left corner of its picture, and the width of its column, in inches."""

    tile: Tile
    left: float
    top: float
    width: float

    @property
    def foot(self) -> float:
        return self.top + height_of([self.tile])


def _placed(grid: Grid, corner: tuple[float, float]) -> list[_Cell]:
    return [
        _Cell(tile, snap(corner[0] + grid.left(i)), snap(corner[1] + top + head), grid.column)
        for row, top, head in zip(grid.rows, grid.tops, grid.heads, strict=True)
        for i, tile in enumerate(row)
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
    left, top = corner[0] - _RIM / DPI, corner[1] - _RIM / DPI
    height, width = (round(inches * DPI) + 2 * _RIM for inches in (grid.height, grid.width))
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
