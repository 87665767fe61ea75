"""A worked convolution or pooling as an object for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grevy.arithmetic.calculation import Calculation, Cell, Grid, Term
from grevy.arithmetic.exact import jsonable
from grevy.arithmetic.sum_formula import is_flat
from grevy.arithmetic.terms import cell_of, count_terms

MOST_TERMS = 10_000
"""Beyond, the sums are left out, and that is said."""


def as_json(worked: Calculation, cell: Cell | None = None) -> dict[str, Any]:
    """Everything that was given and worked, in lists, numbers and texts.

    Numbers that JSON can't say exactly are texts such as "1/3". With one channel and one filter
    image, kernel and output are [H, W]; else [C, H, W], [F, C, H, W] and [F, H, W].

    Args:
        worked: what `convolve` or `pool` gave.
        cell: among `sums` is this one only.

    Returns:
        `sums` holds every cell with its terms; of more than `MOST_TERMS` terms `sums_left_out`
        says so instead.
    """
    flat, geometry = is_flat(worked), worked.geometry
    kernels = [[_grid(grid) for grid in grids] for grids in worked.kernels_FCHW]
    output = [_grid(grid) for grid in worked.output_FHW]
    (top, bottom), (left, right) = geometry.padding
    return {
        "operation": worked.operation,
        "mode": worked.mode,
        "sentence": worked.sentence,
        "image": _unwrapped([_grid(grid) for grid in worked.image_CHW], len(worked.image_CHW) == 1),
        "kernel": (kernels[0][0] if flat else kernels) if kernels else None,
        "kernel_size": list(geometry.kernel),
        "bias": [jsonable(value) for value in worked.bias_F],
        "stride": list(geometry.stride),
        "padding": {"top": top, "bottom": bottom, "left": left, "right": right},
        "dilation": list(geometry.dilation),
        "groups": geometry.groups,
        "boundary": geometry.boundary,
        "output_padding": list(geometry.output_padding),
        "adaptive": geometry.adaptive,
        "ceil": geometry.ceil,
        "count_padding": geometry.count_padding,
        "output": _unwrapped(output, flat),
        "output_shape": [*([] if flat else [len(output)]), len(output[0]), len(output[0][0])],
        **_sums(worked, cell),
    }


def _sums(worked: Calculation, cell: Cell | None) -> dict[str, Any]:
    if cell:
        return {"sums": [_cell(cell)]}
    terms = count_terms(worked)
    if terms > MOST_TERMS:
        said = f"{terms:,} terms, more than {MOST_TERMS:,}; --cell row,column gives one sum"
        return {"sums_left_out": said}
    return {
        "sums": [
            _cell(cell_of(worked, row, column, number))
            for number, grid in enumerate(worked.output_FHW)
            for row, values in enumerate(grid)
            for column in range(len(values))
        ]
    }


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "filter": cell.filter,
        "row": cell.row,
        "column": cell.column,
        "terms": [_term(term) for term in cell.terms],
        "bias": jsonable(cell.bias),
        "divisor": cell.divisor,
        "value": jsonable(cell.value),
    }


def _term(term: Term) -> dict[str, Any]:
    return {
        "weight": None if term.weight is None else jsonable(term.weight),
        "value": jsonable(term.value),
        "row": term.row,
        "column": term.column,
        "channel": term.channel,
        "kernel_row": term.kernel_row,
        "kernel_column": term.kernel_column,
        "padding": term.padding,
    }


def _grid(grid: Grid) -> list[list[int | float | str]]:
    return [[jsonable(value) for value in row] for row in grid]


def _unwrapped(grids: Sequence[Any], single: bool) -> Any:
    return grids[0] if single else list(grids)
