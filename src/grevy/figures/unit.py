"""What one unit answers to, on one page: patches of the data, histogram, optimised picture.

Shapes: h rows, w columns of a patch; B bins, B + 1 edges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grevy.figures.colours import FAINT, INK, OKABE_ITO
from grevy.figures.lettering import Lettering
from grevy.figures.numerals import numeral
from grevy.figures.page import (
    DPI,
    MARGIN,
    SMALL,
    Page,
    drawing,
    line_height,
    new_page,
    snap,
    text_width,
    wrap,
)
from grevy.figures.tile_grid import GAP, Grid, Tile, cell_of, height_of, lay_out, put_grid, scaled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW_COLOURS = (OKABE_ITO["vermillion"], OKABE_ITO["bluish green"], OKABE_ITO["blue"])
"""Of the rows and their marks in the histogram, from the top."""

_PATCH, _LARGE = 0.78, 1.7
"""Inches: to which a patch is brought, and one of the two large pictures."""

_ROW_TITLE = 1.35
_HEAD, _PLOT, _FOOT = 0.62, 1.55, 0.55
"""Inches: marks above the histogram, itself, its axis below."""

_AXIS, _APART = 0.75, 0.45
"""Inches: left of the histogram, and right of it."""

_STRIPE, _STRIPED = (0xCC, 0x79, 0xA7), (0xFF, 0xFF, 0xFF)
"""Colours of what is no pixel of the picture: no photograph has such stripes."""

_KEY = "not seen by the unit: padding outside of the picture, or beyond its receptive field"


@dataclass(frozen=True)
class PatchPicture:
    """What a unit saw.

    Attributes:
        pixels_hw3: uint8 RGB.
        seen_hw: which of them it saw; the others are drawn striped.
        title: above it: the unit's value.
        words: below it: class and picture.
    """

    pixels_hw3: NDArray[np.uint8]
    seen_hw: NDArray[np.bool_]
    title: str
    words: str


@dataclass(frozen=True)
class PatchRow:
    """Patches of one kind.

    Attributes:
        title: left of them.
        name: at their mark in the histogram.
        patches: in order.
        values: smallest and largest value in the row.
    """

    title: str
    name: str
    patches: tuple[PatchPicture, ...]
    values: tuple[float, float]


@dataclass(frozen=True)
class Counts:
    """The histogram of a unit's values.

    Attributes:
        counts_B: without values that are exactly 0.
        edges_E: of the bins; none where there is no bin.
        zeros: values that are exactly 0.
    """

    counts_B: NDArray[np.int64]
    edges_E: NDArray[np.float64]
    zeros: int


def draw_unit(
    rows: Sequence[PatchRow],
    large: Sequence[PatchPicture],
    histogram: Counts,
    title: str,
    lines: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Figure:
    """Rows of patches; below them the histogram with the marks of the rows, and large pictures.

    Args:
        rows: at most three, from the top.
        large: the optimised picture and what it is compared with.
        histogram: of all places of all pictures.
        title: drawn above.
        lines: what was found, as sentences.
        notes: what the reader must know beyond.
    """
    pictures = [*(patch for row in rows for patch in row.patches), *large]
    captions = [text for patch in pictures for text in (patch.title, patch.words)]
    with drawing([title, *lines, *notes, *captions]) as lettering:
        patches = _grid([_tiles(row.patches, _PATCH, lettering) for row in rows], _PATCH)
        beside = _grid([_tiles(large, _LARGE, lettering)], _LARGE)
        plan = _plan(patches, beside, striped=not all(p.seen_hw.all() for p in pictures))
        found = [part for line in lines for part in wrap(lettering.line(line, 600), plan.room)]
        said = [*(lettering.line(note, 600) for note in notes), *lettering.notes]
        height = plan.foot + len(found) * line_height()
        page = new_page(plan.width, height, lettering.line(title), said)
        canvas = page.canvas()
        _put_rows(page, canvas, patches, rows, plan)
        if plan.striped:
            _put_key(page, canvas, patches.height)
        put_grid(page, canvas, beside, (plan.width - MARGIN - beside.width, plan.middle))
        _put_histogram(page, histogram, rows, plan)
        page.text(MARGIN, plan.foot, "\n".join(found), gid="lines")
    return page.figure


def striped(
    pixels_hw3: NDArray[np.uint8], seen_hw: NDArray[np.bool_], target: float
) -> NDArray[np.uint8]:
    """A patch near to `target` inches in the pixels of the page, with stripes where not seen."""
    factor = _factor(pixels_hw3.shape[:2], target)
    enlarged = scaled(pixels_hw3, factor)
    seen = scaled(np.repeat(seen_hw[..., None], 3, 2).astype(np.uint8) * 255, factor)[..., :1] > 127
    rows, columns = np.indices(enlarged.shape[:2])
    on_stripe = ((rows + columns) // 3 % 3 == 0)[..., None]
    stripes = np.where(on_stripe, np.array(_STRIPE), np.array(_STRIPED))
    return np.where(seen, enlarged, stripes).astype(np.uint8)


@dataclass(frozen=True)
class _Plan:
    """Where things stand, in inches.

    Attributes:
        width: of the page.
        left: of the first patch.
        middle: from below the title to the top of the lower part.
        foot: to the sentences below.
        plot: width of the histogram.
        striped: whether the stripes need their key.
    """

    width: float
    left: float
    middle: float
    foot: float
    plot: float
    striped: bool

    @property
    def room(self) -> float:
        return self.width - 2 * MARGIN


def _plan(patches: Grid, beside: Grid, striped: bool) -> _Plan:
    left = MARGIN + _ROW_TITLE + GAP
    least = 2 * MARGIN + _AXIS + 3.4 + _APART + beside.width
    width = max(left + patches.width + MARGIN, least)
    middle = patches.height + (line_height(SMALL) + 0.12 if striped else 0.0) + 0.05
    foot = middle + max(_HEAD + _PLOT + _FOOT, beside.height) + 0.08
    plot = width - 2 * MARGIN - _AXIS - _APART - beside.width
    return _Plan(width, left, middle, foot, plot, striped)


def _factor(shape_hw: tuple[int, ...], target: float) -> int:
    """The whole number of enlargement; negative: of shrinking."""
    pixels, longest = target * DPI, max(shape_hw)
    return round(pixels / longest) if longest <= 1.4 * pixels else -round(longest / pixels)


def _grid(rows: Sequence[Sequence[Tile]], target: float) -> Grid:
    return lay_out(rows, cell_of((tile for row in rows for tile in row), target))


def _tiles(patches: Sequence[PatchPicture], target: float, lettering: Lettering) -> list[Tile]:
    return [
        Tile(
            striped(patch.pixels_hw3, patch.seen_hw, target),
            lettering.line(patch.title, 60),
            lettering.line(patch.words, 90),
        )
        for patch in patches
    ]


def _put_rows(page: Page, canvas: Axes, grid: Grid, rows: Sequence[PatchRow], plan: _Plan) -> None:
    put_grid(page, canvas, grid, (plan.left, 0.0))
    for row, top, head, tiles, colour in zip(
        rows, grid.tops, grid.heads, grid.rows, ROW_COLOURS, strict=False
    ):
        tall = height_of(tiles)
        lines = "\n".join(wrap(row.title, _ROW_TITLE - 0.2, SMALL))
        _bar(canvas, MARGIN, top + head, 0.06, tall, colour)
        start = top + head
        page.text(MARGIN + 0.14, start, row.name, color=colour, weight="bold")
        page.text(MARGIN + 0.14, start + line_height() + 0.02, lines, size=SMALL, color=FAINT)


def _bar(canvas: Axes, left: float, top: float, width: float, height: float, colour: str) -> None:
    from matplotlib.patches import Rectangle

    canvas.add_patch(Rectangle((left, top), width, height, facecolor=colour, linewidth=0))


def _put_key(page: Page, canvas: Axes, top: float) -> None:
    side = 0.14
    pixels = round(side * DPI)
    nothing = np.zeros((pixels, pixels), np.bool_)
    square = striped(np.zeros((pixels, pixels, 3), np.uint8), nothing, side)
    left, top = snap(MARGIN), snap(top + 0.02)
    canvas.imshow(square, extent=(left, left + side, top + side, top), interpolation="none")
    page.text(left + side + 0.08, top - 0.005, _KEY, size=SMALL, color=FAINT)


def _put_histogram(page: Page, histogram: Counts, rows: Sequence[PatchRow], plan: _Plan) -> None:
    axes = page.axes(MARGIN + _AXIS, plan.middle + _HEAD, plan.plot, _PLOT)
    if histogram.counts_B.size:
        axes.stairs(histogram.counts_B, histogram.edges_E, fill=True, color="#B8B8B8", baseline=0.5)
    most = max(int(histogram.counts_B.max(initial=1)), histogram.zeros, 1)
    axes.set_yscale("log")
    axes.set_ylim(0.5, 3 * most)
    axes.set_xlim(*_limits(histogram, rows))
    axes.set_xlabel("value of the unit", fontsize=SMALL)
    axes.set_ylabel("places, on a log scale", fontsize=SMALL)
    axes.tick_params(labelsize=SMALL)
    if histogram.zeros:
        axes.plot([0, 0], [0.5, histogram.zeros], color=INK, linewidth=2.4, solid_capstyle="butt")
        text = f"  exactly 0: {histogram.zeros:,}"
        axes.text(0, histogram.zeros, text, size=SMALL, va="center")
    for level, (row, colour) in enumerate(zip(rows, ROW_COLOURS, strict=False)):
        _mark(axes, row, colour, 1.08 + 0.115 * (len(rows) - 1 - level), plan.plot)


def _limits(histogram: Counts, rows: Sequence[PatchRow]) -> tuple[float, float]:
    """From the first to the last value, with 0, and a little room."""
    ends = [0.0, *(value for row in rows for value in row.values)]
    if histogram.edges_E.size:
        ends += [float(histogram.edges_E[0]), float(histogram.edges_E[-1])]
    room = 0.03 * (max(ends) - min(ends)) or 1.0
    return min(ends) - room, max(ends) + room


def _mark(axes: Axes, row: PatchRow, colour: str, height: float, plot: float) -> None:
    """Where the values of a row lie, above the histogram, and down to it."""
    low, high = axes.get_xlim()
    thin = (high - low) * 0.006
    first, last = row.values[0] - thin, row.values[1] + thin
    above = axes.get_xaxis_transform()
    axes.axvspan(first, last, color=colour, alpha=0.18, linewidth=0)
    axes.plot(
        [first, last], [height, height], transform=above, color=colour, linewidth=4,
        clip_on=False, solid_capstyle="butt",
    )  # fmt: skip
    smallest, largest = (numeral(value) for value in row.values)
    span = smallest if smallest == largest else f"{smallest} to {largest}"
    text = f"{row.name.lower()}: {span}"
    right = (high - last) / (high - low) * plot > text_width(text, SMALL) + 0.1
    pad = 0.08 / plot * (high - low)
    axes.text(
        last + pad if right else first - pad, height, text, transform=above, color=colour,
        size=SMALL, va="center", ha="left" if right else "right",
    )  # fmt: skip
