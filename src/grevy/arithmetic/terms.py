"""One output cell written out: every product of its sum, or every value of its window."""

from __future__ import annotations

from grevy.arithmetic.calculation import Calculation, Cell, Grid, Number, Term
from grevy.arithmetic.reach import Tap, Taps, reach
from grevy.errors import CellNotFoundError


def cell_of(worked: Calculation, row: int, column: int, filter: int = 0) -> Cell:  # noqa: A002
    """The cell of the output at (row, column) of a filter, all counted from 0.

    Padding that adds a value is among the terms and marked. The terms of a transposed
    convolution are the image cells that reach the output cell.

    Raises:
        CellNotFoundError: outside the output.
    """
    _check_place(worked, row, column, filter)
    rows, columns = _reach(worked)
    kernels = kernels_of(worked, filter)
    terms = tuple(
        _term(worked.image_CHW[channel], kernel, channel, at_row, at_column)
        for channel, kernel in kernels
        for at_row in rows[row]
        for at_column in columns[column]
    )
    return Cell(
        filter=filter,
        row=row,
        column=column,
        terms=terms,
        bias=worked.bias_F[filter] if worked.bias_F else 0,
        divisor=len(terms) if worked.operation == "average pooling" else 1,
        value=worked.output_FHW[filter][row][column],
    )


def count_terms(worked: Calculation) -> int:
    """Terms of all sums together."""
    rows, columns = (sum(map(len, taps)) for taps in _reach(worked))
    filters = len(worked.output_FHW)
    channels = 1
    if worked.operation == "convolution":
        channels = len(worked.kernels_FCHW[0])
    elif worked.operation == "transposed convolution":
        channels = len(worked.kernels_FCHW) // worked.geometry.groups
    return filters * channels * rows * columns


def filters_FCHW(
    kernels: tuple[tuple[Grid, ...], ...], groups: int, transposed: bool
) -> tuple[tuple[Grid, ...], ...]:
    """Kernels as [F, C / groups, H, W]; a transposed one comes as [C, F / groups, H, W]."""
    if not transposed:
        return kernels
    channels = len(kernels) // groups
    return tuple(
        tuple(kernels[group * channels + channel][number] for channel in range(channels))
        for group in range(groups)
        for number in range(len(kernels[0]))
    )


def _reach(worked: Calculation) -> tuple[Taps, Taps]:
    return reach(
        worked.operation,
        worked.mode,
        worked.geometry,
        (len(worked.image_CHW[0]), len(worked.image_CHW[0][0])),
        (len(worked.output_FHW[0]), len(worked.output_FHW[0][0])),
    )


def kernels_of(worked: Calculation, number: int) -> list[tuple[int, Grid | None]]:
    """The channels of the image that a filter sees, each with its kernel; None in pooling."""
    if not worked.kernels_FCHW:
        return [(number, None)]
    groups = worked.geometry.groups
    transposed = worked.operation == "transposed convolution"
    filters = filters_FCHW(worked.kernels_FCHW, groups, transposed)
    first = number * groups // len(filters) * len(filters[0])
    return [(first + channel, kernel) for channel, kernel in enumerate(filters[number])]


def _term(image: Grid, kernel: Grid | None, channel: int, row: Tap, column: Tap) -> Term:
    value: Number = 0
    if row.source is not None and column.source is not None:
        value = image[row.source][column.source]
    return Term(
        value=value,
        weight=None if kernel is None else kernel[row.kernel][column.kernel],
        channel=channel,
        row=row.place,
        column=column.place,
        kernel_row=row.kernel,
        kernel_column=column.kernel,
        padding=not (row.place == row.source and column.place == column.source),
    )


def _check_place(worked: Calculation, row: int, column: int, number: int) -> None:
    filters, rows = len(worked.output_FHW), len(worked.output_FHW[0])
    columns = len(worked.output_FHW[0][0])
    if 0 <= row < rows and 0 <= column < columns and 0 <= number < filters:
        return
    of_filter = f" of filter {number}" if number else ""
    more = f", filter 0 to {filters - 1}" if filters > 1 or number else ""
    raise CellNotFoundError(
        f"cell {row},{column}{of_filter}",
        f"row 0 to {rows - 1}, column 0 to {columns - 1}{more}: counted from 0",
        "take a cell inside the output",
    )
