"""What the figure of a convolution shows: image, kernel and output as coloured numbers.

Shapes: H rows, W columns, padding included. Places on a sheet are counted as on the image, so
that padding has negative rows and columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from string import ascii_letters
from typing import TYPE_CHECKING

import numpy as np

from grevy.arithmetic.calculation import Calculation, Geometry, Grid, Number, Pair
from grevy.arithmetic.exact import shown
from grevy.arithmetic.reach import source
from grevy.arithmetic.terms import kernels_of
from grevy.figures.by_hand.cell_colours import CellColours, Values
from grevy.figures.by_hand.sums import short

if TYPE_CHECKING:
    from numpy.typing import NDArray

LETTERS = ascii_letters
"""By which cells that meet are told apart."""

SIDE, KERNEL_SIDE = 14, 11
"""Up to so many rows and columns of image and output, and of the kernel, numbers are written."""

_BOUNDARIES = {
    "zeros": "zeros",
    "reflect": "reflection",
    "replicate": "replication",
    "wrap": "wrap-around",
}


@dataclass(frozen=True)
class Sheet:
    """Numbers in rows and columns, ready to be drawn.

    Attributes:
        name: begins the gid of everything drawn of it.
        heading: lines above it; the first is its title.
        values: [H, W].
        colours_HW3: uint8, RGB.
        first: row and column of its upper left cell; negative where it begins with padding.
        inside: rows and columns that are not padding, counted from 0.
        written: whether numbers stand in the cells, or it is shown as a picture.
        decimals: how numbers are written.
    """

    name: str
    heading: tuple[str, ...]
    values: Values
    colours_HW3: NDArray[np.uint8]
    first: Pair
    inside: Pair
    written: bool
    decimals: bool

    @property
    def shape(self) -> Pair:
        """Rows and columns, padding included."""
        return self.colours_HW3.shape[0], self.colours_HW3.shape[1]

    def cells(self) -> list[Pair]:
        """Row and column of every cell in reading order."""
        (top, left), (height, width) = self.first, self.shape
        return [(top + row, left + column) for row in range(height) for column in range(width)]

    def is_padding(self, row: int, column: int) -> bool:
        """Whether this cell lies outside the image."""
        return not (0 <= row < self.inside[0] and 0 <= column < self.inside[1])

    def text(self, row: int, column: int) -> str:
        """The number in this cell, or nothing."""
        value = self.values[row - self.first[0]][column - self.first[1]]
        return "" if value is None else short(value, self.decimals)

    def colour(self, row: int, column: int) -> tuple[float, float, float]:
        """RGB of this cell, each 0 to 1."""
        red, green, blue = self.colours_HW3[row - self.first[0], column - self.first[1]] / 255
        return float(red), float(green), float(blue)

    def region(self, first: Pair, shape: Pair) -> Sheet:
        """The cells from `first` on, as a sheet of their own with the same places and colours."""
        rows = slice(first[0] - self.first[0], first[0] - self.first[0] + shape[0])
        columns = slice(first[1] - self.first[1], first[1] - self.first[1] + shape[1])
        values = tuple(row[columns] for row in self.values[rows])
        return replace(
            self, values=values, colours_HW3=self.colours_HW3[rows, columns], first=first
        )


def image_sheets(worked: Calculation, channels: Sequence[int]) -> list[Sheet]:
    """One sheet for each of these channels, with the padding that the windows see."""
    inside = len(worked.image_CHW[0]), len(worked.image_CHW[0][0])
    rows, columns = extent(worked)
    written = max(len(rows), len(columns)) <= SIDE
    scale = CellColours.of(
        _numbers(worked.image_CHW), worked.decimals, written=written, picture=not written
    )
    sheets = []
    for channel in channels:
        values = _padded(worked, channel)
        colours_HW3 = scale.colours(values)
        outside_HW = ~np.outer(_within(rows, inside[0]), _within(columns, inside[1]))
        colours_HW3[outside_HW] = 255 - (255 - colours_HW3[outside_HW]) // 4
        name = f"channel {channel} of the image" if len(worked.image_CHW) > 1 else "image"
        heading = [name, f"{inside[0]} × {inside[1]}", *_padding_words(worked, written)]
        if not written:
            heading.append(scale.legend)
        sheets.append(
            Sheet(
                f"image {channel}", tuple(heading), values, colours_HW3,
                (rows.start, columns.start), inside, written, worked.decimals,
            )
        )  # fmt: skip
    return sheets


def kernel_sheets(worked: Calculation, number: int) -> dict[int, Sheet]:
    """The kernels of one filter as they are laid on, by the channel of the image they go with."""
    shape = worked.geometry.kernel
    written = max(shape) <= KERNEL_SIDE
    scale = CellColours.of(
        (v for grids in worked.kernels_FCHW for v in _numbers(grids)),
        worked.decimals,
        written=written,
    )
    turn = -1 if worked.mode == "convolution" else 1
    heading = [
        f"kernel of filter {number}" if len(worked.output_FHW) > 1 else "kernel",
        "turned by 180° and laid on" if turn < 0 else "laid on as it is given",
    ]
    if worked.bias_F[number]:
        heading.append(f"bias {shown(worked.bias_F[number], worked.decimals)}")
    if has_letters(worked):
        heading.append("equal letters meet")
    if not written:
        heading.append(scale.legend)
    sheets = {}
    for channel, grid in kernels_of(worked, number):
        if grid is None:
            continue
        laid_on = tuple(row[::turn] for row in grid[::turn])
        sheets[channel] = Sheet(
            f"kernel {channel}", tuple(heading), laid_on, scale.colours(laid_on),
            (0, 0), shape, written, worked.decimals,
        )  # fmt: skip
    return sheets


def output_sheet(worked: Calculation, number: int) -> Sheet:
    """The output of one filter, or of one channel in pooling; one scale for all of them."""
    values = worked.output_FHW[number]
    shape = len(values), len(values[0])
    written = max(shape) <= SIDE
    scale = CellColours.of(_numbers(worked.output_FHW), worked.decimals, written=written)
    what = "filter" if worked.kernels_FCHW else "channel"
    name = f"output of {what} {number}" if len(worked.output_FHW) > 1 else "output"
    heading = [name, f"{shape[0]} × {shape[1]}"]
    if not written:
        least, most = min(map(min, values)), max(map(max, values))
        bounds = short(least, worked.decimals), short(most, worked.decimals)
        heading += ["least {}, greatest {}".format(*bounds), scale.legend]
    return Sheet(
        "output", tuple(heading), values, scale.colours(values),
        (0, 0), shape, written, worked.decimals,
    )  # fmt: skip


def has_letters(worked: Calculation) -> bool:
    """Whether letters say which cells of image and kernel meet: there are enough for a kernel."""
    height, width = worked.geometry.kernel
    transposed = worked.operation == "transposed convolution"
    return transposed and max(height, width) <= KERNEL_SIDE and height * width <= len(LETTERS)


def extent(worked: Calculation) -> tuple[range, range]:
    """Rows and columns that windows can cover: the image, its padding, and what ceil mode adds."""
    image, output = worked.image_CHW[0], worked.output_FHW[0]
    if worked.operation == "transposed convolution" or worked.geometry.adaptive:
        return range(len(image)), range(len(image[0]))
    return (
        _axis(worked.geometry, 0, len(image), len(output)),
        _axis(worked.geometry, 1, len(image[0]), len(output[0])),
    )


def _axis(geometry: Geometry, axis: int, size: int, steps: int) -> range:
    before, after = geometry.padding[axis]
    last = (steps - 1) * geometry.stride[axis] - before
    end = last + (geometry.kernel[axis] - 1) * geometry.dilation[axis] + 1
    return range(-before, max(size + after, end))


def _numbers(grids: Iterable[Grid]) -> Iterable[Number]:
    return (value for grid in grids for row in grid for value in row)


def _within(places: range, size: int) -> NDArray[np.bool_]:
    place_N = np.array(places)
    return (place_N >= 0) & (place_N < size)


def _padded(worked: Calculation, channel: int) -> Values:
    """The channel with what the boundary rule puts into the padding."""
    image, geometry = worked.image_CHW[channel], worked.geometry
    rows, columns = extent(worked)
    from_row = [source(row, len(image), geometry.boundary) for row in rows]
    from_column = [source(column, len(image[0]), geometry.boundary) for column in columns]
    counted_HW = np.outer(
        _counted(worked, 0, rows, len(image)), _counted(worked, 1, columns, len(image[0]))
    )
    return tuple(
        tuple(
            image[r][c] if r is not None and c is not None else 0 if counted else None
            for c, counted in zip(from_column, counted_W, strict=True)
        )
        for r, counted_W in zip(from_row, counted_HW, strict=True)
    )


def _counted(worked: Calculation, axis: int, places: range, size: int) -> NDArray[np.bool_]:
    """Which places have a value: in pooling not what is ignored or hangs over the padding."""
    before, after = worked.geometry.padding[axis]
    if worked.operation == "max pooling" or not worked.geometry.count_padding:
        before = after = 0
    return _within(range(places.start + before, places.stop + before), size + before + after)


def _padding_words(worked: Calculation, written: bool) -> list[str]:
    """What the cells around the image are, if there are any."""
    if extent(worked) == (range(len(worked.image_CHW[0])), range(len(worked.image_CHW[0][0]))):
        return []
    look = "hatched" if written else "pale"
    if worked.operation == "max pooling":
        return [f"{look}: outside, never chosen"]
    if worked.operation == "average pooling" and not any(map(any, worked.geometry.padding)):
        return [f"{look}: outside, not counted"]
    if worked.operation == "average pooling":
        return [
            f"{look}: padding, {'counted as 0' if worked.geometry.count_padding else 'not counted'}"
        ]
    return [f"{look}: padding by {_BOUNDARIES[worked.geometry.boundary]}"]
