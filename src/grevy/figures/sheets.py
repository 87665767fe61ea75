"""What the figure of a convolution shows: image, kernel and result as coloured numbers.

Shapes: H rows, W columns, padding included. Places on a sheet are counted as on the image, so
that padding has negative rows and columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from grevy.arithmetic.exact import shown
from grevy.arithmetic.reach import source
from grevy.arithmetic.terms import filters_FCHW
from grevy.arithmetic.worked import Geometry, Grid, Number, Pair, Worked
from grevy.figures.colours import DIVERGING, SEQUENTIAL
from grevy.figures.sums import short

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE, KERNEL_SIDE = 14, 11
"""Up to so many rows and columns of image and result, and of the kernel, numbers are written."""

Values = tuple[tuple[Number | None, ...], ...]
"""[H, W]; None: nothing stands there, as in padding that pooling does not count."""

_BOUNDARIES = {
    "zeros": "zeros",
    "reflect": "reflection",
    "replicate": "replication",
    "wrap": "wrap-around",
}
_SOFT = 0.7
"""Cells use this part of a colour map, so that the numbers in them can be read."""


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

    def part(self, first: Pair, shape: Pair) -> Sheet:
        """The cells from `first` on, as a sheet of their own with the same places and colours."""
        rows = slice(first[0] - self.first[0], first[0] - self.first[0] + shape[0])
        columns = slice(first[1] - self.first[1], first[1] - self.first[1] + shape[1])
        values = tuple(row[columns] for row in self.values[rows])
        return replace(
            self, values=values, colours_HW3=self.colours_HW3[rows, columns], first=first
        )


def image_sheets(worked: Worked, channels: Sequence[int]) -> list[Sheet]:
    """One sheet for each of these channels, with the padding that the windows see."""
    inside = len(worked.image_CHW[0]), len(worked.image_CHW[0][0])
    rows, columns = extent(worked)
    written = max(len(rows), len(columns)) <= SIDE
    scale = _Scale.of(_numbers(worked.image_CHW), worked.decimals, picture=not written)
    sheets = []
    for channel in channels:
        values = _padded(worked, channel)
        colours_HW3 = scale.colours(values)
        outside_HW = ~np.outer(_within(rows, inside[0]), _within(columns, inside[1]))
        colours_HW3[outside_HW] = 255 - (255 - colours_HW3[outside_HW]) // 3
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


def kernel_sheets(worked: Worked, number: int) -> dict[int, Sheet]:
    """The kernels of one filter as they are laid on, by the channel of the image they go with."""
    transposed = worked.operation == "transposed convolution"
    filters = filters_FCHW(worked.kernels_FCHW, worked.geometry.groups, transposed)
    first = number // (len(filters) // worked.geometry.groups) * len(filters[0])
    shape = worked.geometry.kernel
    written = max(shape) <= KERNEL_SIDE
    scale = _Scale.of((v for grids in filters for v in _numbers(grids)), worked.decimals)
    turn = -1 if worked.mode == "convolution" else 1
    heading = [
        f"kernel of filter {number}" if len(filters) > 1 else "kernel",
        "turned by 180° and laid on" if turn < 0 else "laid on as it is given",
    ]
    if worked.bias_F[number]:
        heading.append(f"bias {shown(worked.bias_F[number], worked.decimals)}")
    if not written:
        heading.append(scale.legend)
    sheets = {}
    for channel, grid in enumerate(filters[number], start=first):
        laid_on = tuple(row[::turn] for row in grid[::turn])
        sheets[channel] = Sheet(
            f"kernel {channel}", tuple(heading), laid_on, scale.colours(laid_on),
            (0, 0), shape, written, worked.decimals,
        )  # fmt: skip
    return sheets


def result_sheet(worked: Worked, number: int) -> Sheet:
    """The result of one filter, or of one channel in pooling; one scale for all of them."""
    values = worked.output_FHW[number]
    shape = len(values), len(values[0])
    written = max(shape) <= SIDE
    scale = _Scale.of(_numbers(worked.output_FHW), worked.decimals)
    what = "filter" if worked.kernels_FCHW else "channel"
    name = f"result of {what} {number}" if len(worked.output_FHW) > 1 else "result"
    heading = [name, f"{shape[0]} × {shape[1]}"]
    if not written:
        least, most = min(map(min, values)), max(map(max, values))
        bounds = short(least, worked.decimals), short(most, worked.decimals)
        heading += ["least {}, greatest {}".format(*bounds), scale.legend]
    return Sheet(
        "result", tuple(heading), values, scale.colours(values),
        (0, 0), shape, written, worked.decimals,
    )  # fmt: skip


def extent(worked: Worked) -> tuple[range, range]:
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


def _padded(worked: Worked, channel: int) -> Values:
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


def _counted(worked: Worked, axis: int, places: range, size: int) -> NDArray[np.bool_]:
    """Which places have a value: in pooling not what is ignored or hangs over the padding."""
    before, after = worked.geometry.padding[axis]
    if worked.operation == "max pooling" or not worked.geometry.count_padding:
        before = after = 0
    return _within(range(places.start + before, places.stop + before), size + before + after)


def _padding_words(worked: Worked, written: bool) -> list[str]:
    """What the cells around the image are, if there are any."""
    if extent(worked) == (range(len(worked.image_CHW[0])), range(len(worked.image_CHW[0][0]))):
        return []
    look = "hatched" if written else "pale"
    if worked.operation == "max pooling":
        return [f"{look}: outside, never chosen"]
    if worked.operation == "average pooling" and not any(map(any, worked.geometry.padding)):
        return [f"{look}: outside, not counted"]
    if worked.operation == "average pooling":
        return [f"{look}: padding, {'' if worked.geometry.count_padding else 'not '}counted"]
    return [f"{look}: padding by {_BOUNDARIES[worked.geometry.boundary]}"]


@dataclass(frozen=True)
class _Scale:
    """Numbers as colours; 0 is white on a map and black in a picture.

    Attributes:
        most: the number with the strongest colour.
        map: name of the colour map.
        legend: in words.
    """

    most: Number
    map: str
    legend: str

    @classmethod
    def of(cls, values: Iterable[Number], decimals: bool, *, picture: bool = False) -> _Scale:
        """One scale for all of `values`: symmetric where one is negative, else from 0 up.

        Args:
            values: at least one.
            decimals: how numbers are written.
            picture: what is not negative is brightness: gray, of 255 where that can be.
        """
        found = list(values)
        least, most = min(found), max(found)
        if least < 0:
            most = max(-least, most)
            bound = short(most, decimals)
            return cls(most, DIVERGING, f"blue −{bound}, white 0, red {bound}")
        if not picture:
            return cls(most or 1, SEQUENTIAL, f"white 0, blue {short(most or 1, decimals)}")
        most = 255 if 128 <= most <= 255 else most or 1
        return cls(most, "gray", f"black 0, white {short(most, decimals)}")

    def colours(self, values: Values) -> NDArray[np.uint8]:
        """[H, W, 3], uint8 RGB; white where nothing stands."""
        from matplotlib import colormaps

        part_HW = np.array(
            [[np.nan if v is None else float(v / self.most) for v in row] for row in values]
        )
        place_HW = {"gray": part_HW, SEQUENTIAL: _SOFT * part_HW}.get(
            self.map, 0.5 + _SOFT / 2 * part_HW
        )
        colours_HW3 = colormaps[self.map](place_HW, bytes=True)[..., :3].copy()
        colours_HW3[np.isnan(part_HW)] = 255
        return np.asarray(colours_HW3, np.uint8)
