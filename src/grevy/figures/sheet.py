"""How a page of tiles is drawn: bands below each other, in the same columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from grevy.errors import InputError
from grevy.figures.class_map import over_dark_and_light
from grevy.figures.colour_bar import bar_width, put_bar
from grevy.figures.colours import FAINT
from grevy.figures.lettering import Lettering
from grevy.figures.page import MARGIN, SMALL, Page, drawing, line_height, new_page, snap, wrap
from grevy.figures.scale import render
from grevy.figures.tile_grid import (
    GAP,
    Grid,
    Tile,
    cell_of,
    cell_within,
    factor_in,
    height_of,
    lay_out,
    put_grid,
)
from grevy.figures.tiles import Band, Sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CONTENT, _LEAST = 7.4, 5.2
"""Inches that the columns of a page take together where they can, and at least."""

_SMALLEST, _WIDEST = 0.42, 1.5
"""Inches: a tile among many, and among few."""

_LARGEST_ROW = 8.4
"""Inches that large tiles take together."""

_BESIDE = 2.4
"""Inches beside the first band that are enough for sentences."""

_TO_BAR, _BAND_GAP = 0.15, 0.16
"""Inches from the last column to the colour bars, and between bands."""

_NAME, _HEADING, _LONG = 40, 110, 600
"""Letters of a tile's title, of a heading and of a sentence; longer ones are shortened."""

_NO_BREAK = "\N{NO-BREAK SPACE}"


def draw_sheet(sheet: Sheet) -> Figure:
    """The page of a sheet; errors as `Sheet.draw`."""
    _check([tile for band in sheet.bands for tile in band.tiles()])
    with drawing(_texts(sheet)) as lettering:
        plan = _plan(sheet, lettering)
        title = lettering.line(f"{sheet.name}: {sheet.topic}")
        page = new_page(plan.width, plan.height, title, lettering.notes)
        canvas = page.canvas()
        for placed, top in zip(plan.bands, plan.tops, strict=True):
            _put_band(page, canvas, placed, top)
        _put_prose(page, plan)
    return page.figure


@dataclass(frozen=True)
class _Placed:
    """A band at its size.

    Attributes:
        band: which.
        grid: its tiles.
        heading: above it, in lines.
        words: below it, in lines.
    """

    band: Band
    grid: Grid
    heading: list[str]
    words: list[str]

    @property
    def head(self) -> float:
        """Inches above the grid."""
        return snap(len(self.heading) * line_height() + (0.05 if self.heading else 0.0))

    @property
    def height(self) -> float:
        """Inches of all."""
        foot = 0.04 + len(self.words) * line_height(SMALL) if self.words else 0.0
        return snap(self.head + self.grid.height + foot)


@dataclass(frozen=True)
class _Plan:
    """What stands where.

    Attributes:
        bands: from the top.
        room: inches of the widest band, its colour bar included.
        lines: sentences in lines, and
        notes: those that step back.
        beside: inches from the edge of the page to sentences that stand right of the first band;
            0: they stand below all.
    """

    bands: list[_Placed]
    room: float
    lines: list[str]
    notes: list[str]
    beside: float

    @property
    def width(self) -> float:
        return self.room + 2 * MARGIN

    @property
    def tops(self) -> list[float]:
        """Of the bands, in inches from below the title."""
        return list(accumulate((b.height + _BAND_GAP for b in self.bands[:-1]), initial=0.0))

    @property
    def foot(self) -> float:
        """Of the last band."""
        return self.tops[-1] + self.bands[-1].height

    @property
    def height(self) -> float:
        return self.foot + (0.0 if self.beside else 0.1 + _prose_height(self.lines, self.notes))


def _plan(sheet: Sheet, lettering: Lettering) -> _Plan:
    bands = [_lettered(band, lettering) for band in sheet.bands] or [Band(((),))]
    grids = _grids(bands)
    room = max(_LEAST, *(_width(*both) for both in zip(bands, grids, strict=True)))
    placed = [
        _Placed(
            band,
            grid,
            wrap(band.title, room) if band.title else [],
            wrap(_words(band, grid), room, SMALL),
        )
        for band, grid in zip(bands, grids, strict=True)
    ]
    lines = [lettering.line(line, _LONG) for line in sheet.lines]
    notes = [lettering.line(note, _LONG) for note in sheet.notes]
    beside = _beside(placed[0], room, lines, notes) if len(placed) > 1 else 0.0
    breadth = MARGIN + room - beside if beside else room
    return _Plan(
        placed,
        room,
        [part for line in lines for part in wrap(line, breadth)],
        [part for note in notes for part in wrap(note, breadth, SMALL)],
        beside,
    )


def _grids(bands: Sequence[Band]) -> list[Grid]:
    """Small tiles of all bands in columns of one width; large ones take several of these."""
    small = [band for band in bands if not band.inches]
    columns = max((len(row) for band in small for row in band.rows), default=1)
    target = min(_WIDEST, max(_SMALLEST, _CONTENT / columns - GAP))
    cell = cell_of((t for band in small for t in band.tiles()), target)
    column = max((lay_out(band.rows, cell).column for band in small), default=0.0)
    pitch = column + GAP if small and columns > 1 else 0.0
    return [
        _large_grid(band, pitch, columns)
        if band.inches
        else replace(lay_out(band.rows, cell, group=band.group), column=column)
        for band in bands
    ]


def _large_grid(band: Band, pitch: float, columns: int) -> Grid:
    """Tiles as large as the columns of the page allow."""
    beside = max(map(len, band.rows), default=1)
    room = math.ceil(columns / beside) * pitch if pitch else _LARGEST_ROW / beside
    cell = cell_within(list(band.tiles()), min(band.inches, room - GAP))
    return lay_out(band.rows, cell, pitch)


def _width(band: Band, grid: Grid) -> float:
    """Inches of a band with its colour bar."""
    bar = 0.0 if band.scale is None else _TO_BAR + bar_width(band.scale)
    return max(grid.width, grid.right + bar)


def _words(band: Band, grid: Grid) -> str:
    """The line below a band: its numbers, the size of its tiles, and what its scale leaves out."""
    shapes = dict.fromkeys(tile.picture_HW3.shape[:2] for tile in band.tiles())
    if not shapes:
        return "There is no tile to show."
    shown = [tile for row in grid.rows for tile in row]
    cell = max(max(tile.picture_HW3.shape[:2]) for tile in shown)
    sizes = [
        f"{height}×{width}, {_enlarged((height, width), cell)}"
        for height, width in shapes
        if height * width > 1
    ]
    left_out = band.scale.left_out if band.scale else ""
    return " · ".join(filter(None, [band.numbers, "; ".join(sizes), left_out]))


def _enlarged(shape_HW: tuple[int, int], cell: int) -> str:
    factor = factor_in(shape_HW, cell)
    if factor < 0:
        return f"shrunk {-factor} times by averaging colours"
    return "pixel for pixel" if factor == 1 else f"enlarged {factor} times"


def _beside(first: _Placed, room: float, lines: Sequence[str], notes: Sequence[str]) -> float:
    """Where sentences begin right of the first band; 0 where there is no room for them."""
    left = MARGIN + first.grid.width + 2 * GAP
    breadth = MARGIN + room - left
    if breadth < _BESIDE or first.band.scale is not None:
        return 0.0
    found = [part for line in lines for part in wrap(line, breadth)]
    said = [part for note in notes for part in wrap(note, breadth, SMALL)]
    return left if _prose_height(found, said) <= first.grid.height else 0.0


def _prose_height(lines: Sequence[str], notes: Sequence[str]) -> float:
    apart = 0.05 if lines and notes else 0.0
    return len(lines) * line_height() + apart + len(notes) * line_height(SMALL)


def _put_band(page: Page, canvas: Axes, placed: _Placed, top: float) -> None:
    page.text(MARGIN, top, "\n".join(placed.heading), gid="heading")
    grid, start = placed.grid, top + placed.head
    put_grid(page, canvas, grid, (MARGIN, start))
    if placed.band.scale is not None and grid.heads:
        first, last = grid.heads[0], grid.tops[-1] + grid.heads[-1] + height_of(grid.rows[-1])
        look = over_dark_and_light if placed.band.over else render
        corner = MARGIN + grid.right + _TO_BAR, start + first
        put_bar(page, canvas, placed.band.scale, corner, last - first, look)
    words = "\n".join(placed.words)
    page.text(MARGIN, start + grid.height + 0.04, words, size=SMALL, color=FAINT, gid="numbers")


def _put_prose(page: Page, plan: _Plan) -> None:
    """What was found, then what must be known."""
    left, top = MARGIN, plan.foot + 0.1
    if plan.beside:
        first = plan.bands[0]
        left, top = plan.beside, first.head + first.grid.heads[0] - 0.02
    page.text(left, top, "\n".join(plan.lines), gid="lines")
    below = top + len(plan.lines) * line_height() + (0.05 if plan.lines else 0.0)
    page.text(left, below, "\n".join(plan.notes), size=SMALL, color=FAINT, gid="notes")


def _texts(sheet: Sheet) -> list[str]:
    """All that is written, for which fonts are needed."""
    tiles = [text for band in sheet.bands for t in band.tiles() for text in (t.title, t.numbers)]
    bands = [text for band in sheet.bands for text in (band.title, band.numbers)]
    return [sheet.name, sheet.topic, *sheet.lines, *sheet.notes, *bands, *tiles]


def _lettered(band: Band, lettering: Lettering) -> Band:
    """With texts as they are drawn; a tile's own numbers only where the band has none."""
    rows = tuple(
        tuple(_lettered_tile(tile, lettering, not band.numbers) for tile in row)
        for row in band.rows
    )
    title = lettering.line(band.title, _HEADING)
    return replace(band, rows=rows, title=title, numbers=lettering.line(band.numbers, _LONG))


def _lettered_tile(tile: Tile, lettering: Lettering, own: bool) -> Tile:
    parts = tile.numbers.split(_NO_BREAK) if own else [""]
    numbers = _NO_BREAK.join(lettering.line(part) for part in parts)
    return replace(tile, title=lettering.line(tile.title, _NAME), numbers=numbers)


def _check(tiles: Sequence[Tile]) -> None:
    for picture in (tile.picture_HW3 for tile in tiles):
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
