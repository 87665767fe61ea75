"""Small pictures in a grid, each with its title and its numbers: filters, activations, maps.

Tiles are enlarged by a whole number, so that every value is a square. What the colours mean
stands above the grid; what was found and what was left out, below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from grevy.errors import InputError
from grevy.figures.colour_bar import key_height, put_key
from grevy.figures.lettering import Lettering
from grevy.figures.page import MARGIN, drawing, line_height, new_page, text_width, wrap
from grevy.figures.scale import Scale
from grevy.figures.tile_grid import GAP, Grid, Tile, enlargement, lay_out, put_grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Sheet", "Tile", "draw_tiles", "paged", "pages"]

MOST, COLUMNS = 128, 16
"""`paged` shows at most so many tiles, and so many in a row."""

_SMALLEST, _WIDEST = 0.6, 1.5
_GRID = 9.5
_LEAST_PAGE = 6.0
_ROW_TITLE = 1.3
"""Inches: a tile, the columns of a grid together where they can, a page, titles of rows."""

_NO_BREAK = "\N{NO-BREAK SPACE}"
_NAME, _ROW_NAME, _LONG = 40, 64, 600
"""Letters of a title, of a row's title and of a sentence; longer ones are shortened."""


@dataclass(frozen=True)
class Sheet:
    """What stands on a page of tiles, not drawn yet, so that two can be put side by side.

    Attributes:
        name: of the network.
        topic: what of it is shown.
        rows: of tiles, from the top.
        row_titles: left of the rows: none, or one for each.
        scales: what the tiles were rendered with.
        lines: what was found, as sentences below the grid.
        notes: what the reader must know beyond.
    """

    name: str
    topic: str
    rows: tuple[Sequence[Tile], ...]
    row_titles: tuple[str, ...] = ()
    scales: tuple[Scale, ...] = ()
    lines: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def draw(self) -> Figure:
        """The page; errors as `draw_tiles`."""
        title = f"{self.name}: {self.topic}"
        return draw_tiles(self.rows, title, self.scales, self.notes, self.row_titles, self.lines)


def pages(tiles: int, most: int = MOST) -> int:
    """How many pages `paged` makes of so many tiles."""
    return max(1, -(-tiles // most))


def paged(
    tiles: Sequence[Tile], page: int = 1, most: int = MOST, columns: int = COLUMNS
) -> tuple[list[Sequence[Tile]], tuple[str, ...]]:
    """Rows of one page of many tiles, and the note that says what is not on it.

    Args:
        tiles: all of them, in order.
        page: counted from 1.
        most: tiles on a page.
        columns: tiles in a row.

    Raises:
        InputError: no such page.
    """
    count = pages(len(tiles), most)
    if not 1 <= page <= count:
        raise InputError(
            f"page {page}",
            f"1 to {count}: {len(tiles):,} tiles, {most} a page",
            "choose one of these pages",
        )
    first = (page - 1) * most
    shown = tiles[first : first + most]
    note = (
        f"Page {page} of {count}: {first + 1:,} to {first + len(shown):,} of {len(tiles):,} shown."
    )
    rows = [shown[start : start + columns] for start in range(0, len(shown), columns)]
    return rows, (note,) if count > 1 else ()


def draw_tiles(
    rows: Sequence[Sequence[Tile]],
    title: str,
    scale: Scale | Sequence[Scale] | None,
    notes: Sequence[str] = (),
    row_titles: Sequence[str] = (),
    lines: Sequence[str] = (),
) -> Figure:
    """A grid of tiles, with a colour bar for each scale.

    Args:
        rows: from the top; they may differ in length, and tiles in size.
        title: drawn above.
        scale: what the tiles were rendered with; none where all are in their own colours.
        notes: sentences about what is not shown, and how; the size of tiles is added.
        row_titles: left of the rows: none, or one for each.
        lines: what was found, as sentences below the grid.

    Raises:
        InputError: a picture that is not uint8 RGB, or not one title for each row.
    """
    _check(rows, row_titles)
    scales = [scale] if isinstance(scale, Scale) else list(scale or ())
    captions = [text for row in rows for tile in row for text in (tile.title, tile.numbers)]
    with drawing([title, *notes, *row_titles, *lines, *captions]) as lettering:
        plan = _plan(rows, row_titles, lettering)
        found = [part for line in lines for part in wrap(lettering.line(line, _LONG), plan.room)]
        keys = [0.0, *accumulate(key_height(scale, plan.room) for scale in scales)]
        foot = keys[-1] + plan.grid.height
        said = [*(lettering.line(note, _LONG) for note in notes), *plan.sizes, *lettering.notes]
        height = foot + len(found) * line_height()
        page = new_page(plan.width, height, lettering.line(title), said)
        canvas = page.canvas()
        for scale_, top in zip(scales, keys, strict=False):
            put_key(page, canvas, scale_, top, plan.room)
        put_grid(page, canvas, plan.grid, (plan.left, keys[-1]), plan.row_titles)
        page.text(MARGIN, foot, "\n".join(found), gid="lines")
    return page.figure


@dataclass(frozen=True)
class _Plan:
    """What stands where.

    Attributes:
        grid: the tiles.
        left: inches from the edge of the page to the first tile.
        row_titles: each in its lines.
        sizes: the note about the sizes of tiles.
    """

    grid: Grid
    left: float
    row_titles: list[list[str]]
    sizes: tuple[str, ...]

    @property
    def width(self) -> float:
        """Inches of the page."""
        return max(self.left + self.grid.width + MARGIN, _LEAST_PAGE)

    @property
    def room(self) -> float:
        """Inches between its margins."""
        return self.width - 2 * MARGIN


def _plan(rows: Sequence[Sequence[Tile]], row_titles: Sequence[str], lettering: Lettering) -> _Plan:
    names = [wrap(lettering.line(text, _ROW_NAME), _ROW_TITLE) for text in row_titles]
    widest = max((text_width(line) for lines in names for line in lines), default=0.0)
    columns = max(map(len, rows), default=0)
    target = min(_WIDEST, max(_SMALLEST, _GRID / max(columns, 1) - GAP))
    lettered = [[_lettered(tile, lettering) for tile in row] for row in rows]
    left = MARGIN + (widest + GAP if names else 0.0)
    return _Plan(lay_out(lettered, target), left, names, _sizes(lettered, target))


def _lettered(tile: Tile, lettering: Lettering) -> Tile:
    numbers = _NO_BREAK.join(lettering.line(part) for part in tile.numbers.split(_NO_BREAK))
    return replace(tile, title=lettering.line(tile.title, _NAME), numbers=numbers)


def _sizes(rows: Sequence[Sequence[Tile]], target: float) -> tuple[str, ...]:
    """How many values tiles have, and at what size they are shown, as one sentence."""
    shapes = dict.fromkeys(tile.picture_HW3.shape[:2] for row in rows for tile in row)
    if not shapes:
        return ("There is no tile to show.",)
    sizes = [f"{height}×{width}, {_enlarged((height, width), target)}" for height, width in shapes]
    return (f"Size of the tiles: {'; '.join(sizes)}.",)


def _enlarged(shape_HW: tuple[int, int], target: float) -> str:
    factor = enlargement(shape_HW, target)
    if factor < 0:
        return f"shrunk {-factor} times by averaging colours"
    return "pixel for pixel" if factor == 1 else f"enlarged {factor} times"


def _check(rows: Sequence[Sequence[Tile]], row_titles: Sequence[str]) -> None:
    for tile in (tile for row in rows for tile in row):
        picture = tile.picture_HW3
        if (
            picture.dtype != np.uint8
            or picture.ndim != 3
            or picture.shape[2] != 3
            or not picture.size
        ):
            raise InputError(
                f"a tile of type {picture.dtype} and shape {picture.shape}",
                "uint8 of shape [H, W, 3]",
                "render its values first",
            )
    if row_titles and len(row_titles) != len(rows):
        raise InputError(
            f"{len(rows)} rows and {len(row_titles)} titles of rows",
            "no title or one for each row",
            "give an empty title to a row that needs none",
        )
