"""All output values of a convolution, exactly: in whole numbers over one common denominator.

Small work is done in plain Python, which starts at once. Large work is done by NumPy in int64 if
no sum of it can overflow.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, cast

from grevy.arithmetic.calculation import Grid, Number
from grevy.arithmetic.exact import common_denominator, lowest
from grevy.arithmetic.reach import Taps

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LARGE = 1_000_000
"""Products from which loading NumPy (0.2 s) pays."""

_Whole = tuple[tuple[tuple[int, ...], ...], ...]
"""[C, H, W]"""


def convolved(
    image_CHW: tuple[Grid, ...],
    filters_FCHW: Sequence[tuple[Grid, ...]],
    bias_F: tuple[Number, ...],
    taps: tuple[Taps, Taps],
    groups: int,
) -> tuple[Grid, ...]:
    """Output [F, H, W].

    Args:
        image_CHW: the image.
        filters_FCHW: C the channels of one group.
        bias_F: added.
        taps: of rows and columns, from `reach`.
        groups: filter f sees the channels of group f · groups // F.
    """
    below_image = common_denominator(image_CHW)
    below_filters = common_denominator(grid for grids in filters_FCHW for grid in grids)
    image = _whole(image_CHW, below_image)
    filters = [_whole(grids, below_filters) for grids in filters_FCHW]
    work = _in_int64 if _is_large(filters, taps) and _fits(image, filters) else _in_python
    return tuple(
        _finished(grid, below_image * below_filters, bias)
        for grid, bias in zip(work(image, filters, taps, groups), bias_F, strict=True)
    )


def _in_python(
    image: _Whole, filters: list[_Whole], taps: tuple[Taps, Taps], groups: int
) -> list[list[list[int]]]:
    rows, columns = ([_pairs(cell) for cell in axis] for axis in taps)
    output = []
    for number, weights in enumerate(filters):
        first = number * groups // len(filters) * len(weights)
        seen = image[first : first + len(weights)]
        output.append([_row(weights, seen, row, columns) for row in rows])
    return output


def _row(
    weights: _Whole, image: _Whole, row: list[tuple[int, int]], columns: list[list[tuple[int, int]]]
) -> list[int]:
    lines = [(w[k], x[i]) for w, x in zip(weights, image, strict=True) for k, i in row]
    return [sum(w[k] * x[i] for w, x in lines for k, i in cell) for cell in columns]


def _in_int64(
    image: _Whole, filters: list[_Whole], taps: tuple[Taps, Taps], groups: int
) -> list[list[list[int]]]:
    """One kernel cell after the other, for all output cells at once."""
    import numpy as np

    w_FCHW = np.array(filters, dtype=np.int64)
    x_CHW = np.pad(np.array(image, dtype=np.int64), ((0, 0), (0, 1), (0, 1)))  # index −1: a zero
    y_FHW = np.zeros((len(filters), len(taps[0]), len(taps[1])), dtype=np.int64)
    y_GFHW = y_FHW.reshape(groups, -1, *y_FHW.shape[1:])
    w_GFCHW = w_FCHW.reshape(groups, -1, *w_FCHW.shape[1:])
    for row, column in product(range(w_FCHW.shape[2]), range(w_FCHW.shape[3])):
        seen_CHW = x_CHW[:, _sources(taps[0], row)][:, :, _sources(taps[1], column)]
        seen_GCHW = seen_CHW.reshape(groups, -1, *seen_CHW.shape[1:])
        for group in range(groups):
            weights_FC = w_GFCHW[group, :, :, row, column]
            y_GFHW[group] += np.tensordot(weights_FC, seen_GCHW[group], 1)
    listed: list[list[list[int]]] = y_FHW.tolist()
    return listed


def _sources(taps: Taps, kernel: int) -> NDArray[np.intp]:
    """For each output index the image index under this kernel index; −1 where there is none."""
    import numpy as np

    found = [{tap.kernel: tap.source for tap in cell}.get(kernel) for cell in taps]
    return np.array([-1 if at is None else at for at in found], dtype=np.intp)


def _pairs(cell: tuple[tuple[int, int, int | None], ...]) -> list[tuple[int, int]]:
    """(kernel index, image index) of taps that are no zero."""
    return [(kernel, at) for kernel, _, at in cell if at is not None]


def _is_large(filters: list[_Whole], taps: tuple[Taps, Taps]) -> bool:
    kernel = len(filters[0]) * len(filters[0][0]) * len(filters[0][0][0])
    return len(filters) * kernel * len(taps[0]) * len(taps[1]) >= LARGE


def _fits(image: _Whole, filters: list[_Whole]) -> bool:
    """Whether no sum, nor any part of one, can leave 64 bits."""
    largest = max(abs(value) for grid in image for row in grid for value in row)
    heaviest = max(sum(abs(w) for grid in grids for row in grid for w in row) for grids in filters)
    return max(largest, 1) * max(heaviest, 1) < 2**63


def _whole(grids: tuple[Grid, ...], denominator: int) -> _Whole:
    if denominator == 1:
        return cast(_Whole, grids)
    return tuple(
        tuple(tuple(int(value * denominator) for value in row) for row in grid) for grid in grids
    )


def _finished(grid: list[list[int]], denominator: int, bias: Number) -> Grid:
    if denominator == 1 and isinstance(bias, int):
        return tuple(tuple(value + bias for value in row) for row in grid)
    return tuple(
        tuple(lowest(Fraction(value, denominator) + bias) for value in row) for row in grid
    )
