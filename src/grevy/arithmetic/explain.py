"""A worked convolution or pooling as a document: what was given, the size, the result, the sums."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grevy.arithmetic.calculation import Calculation, Cell, Grid, Number
from grevy.arithmetic.exact import shown
from grevy.arithmetic.matrix import turned_by_180
from grevy.arithmetic.output_size import convolution_formula, pooling_formula, transposed_formula
from grevy.arithmetic.reach import source
from grevy.arithmetic.sum_formula import cell_formula, is_flat
from grevy.arithmetic.terms import cell_of
from grevy.documents.blocks import Block, Document, Formula, Matrix, Paragraph

MOST_SUMS = 100
"""Output cells up to which every sum is written out."""

FIRST_SUMS = 5
"""Sums that are written out where there are more."""

MOST_NUMBERS = 1000
"""In all matrices under one name together; beyond, their size is said instead."""

MOST_COLUMNS = 40
"""In a matrix."""


def document(worked: Calculation, cell: Cell | None = None) -> Document:
    """What was given, the formula of the size, the output, and its sums product by product.

    Args:
        worked: what `convolve` or `pool` gave.
        cell: write out this sum only.

    Returns:
        The document. Of more than `MOST_SUMS` output cells the first `FIRST_SUMS` are written
        out, and a sentence says so.
    """
    blocks: list[Block] = [
        Paragraph(worked.sentence),
        *_given(worked),
        *_size(worked),
        *_matrices("output", worked.output_FHW, worked, _parts_of_output(worked)),
        *_sums(worked, cell),
    ]
    return Document(title(worked), tuple(blocks))


def title(worked: Calculation) -> str:
    """What was worked on what size, in one line."""
    rows, columns = len(worked.output_FHW[0]), len(worked.output_FHW[0][0])
    image = _dimensions(worked.image_CHW)
    window = "×".join(map(str, worked.geometry.kernel))
    name = "window" if not worked.kernels_FCHW else "kernel"
    with_what = "" if worked.geometry.adaptive else f" with a {window} {name}"
    outputs = f"{len(worked.output_FHW)}×" * (not is_flat(worked))
    what = worked.operation.capitalize()
    return f"{what} of a {image} image{with_what} gives {outputs}{rows}×{columns}"


def _given(worked: Calculation) -> Iterator[Block]:
    channels = len(worked.image_CHW)
    names = [f", channel {c}" if channels > 1 else "" for c in range(channels)]
    yield from _image(worked, names)
    yield from _kernels(worked, "kernel", worked.kernels_FCHW)
    if worked.mode == "convolution" and worked.kernels_FCHW:
        turned = tuple(
            tuple(turned_by_180(grid) for grid in grids) for grids in worked.kernels_FCHW
        )
        yield from _kernels(worked, "kernel turned by 180°", turned)
    if any(worked.bias_F):
        yield from _matrices("bias", ((worked.bias_F,),), worked, [""])
    yield from _settings(worked)


def _image(worked: Calculation, names: Sequence[str]) -> Iterator[Block]:
    """With its padding, where that adds values."""
    padding = worked.geometry.padding
    adds = worked.operation == "convolution" or (
        worked.operation == "average pooling" and worked.geometry.count_padding
    )
    if not adds or padding == ((0, 0), (0, 0)):
        yield from _matrices("image", worked.image_CHW, worked, names)
        return
    padded = [_padded(grid, worked) for grid in worked.image_CHW]
    (top, _), (left, _) = padding
    height, width = len(worked.image_CHW[0]), len(worked.image_CHW[0][0])
    inside = {(top + r, left + c) for r in range(height) for c in range(width)}
    name = f"image with padding ({worked.geometry.boundary})"
    for block in _matrices(name, padded, worked, names):
        if isinstance(block, Matrix):
            cells = {(r, c) for r, row in enumerate(block.rows) for c in range(len(row))}
            yield Matrix(block.name, block.rows, frozenset(cells - inside))
        else:
            yield block


def _padded(grid: Grid, worked: Calculation) -> Grid:
    (top, bottom), (left, right) = worked.geometry.padding
    boundary, height, width = worked.geometry.boundary, len(grid), len(grid[0])
    rows = [source(place, height, boundary) for place in range(-top, height + bottom)]
    columns = [source(place, width, boundary) for place in range(-left, width + right)]
    return tuple(tuple(0 if r is None or c is None else grid[r][c] for c in columns) for r in rows)


def _kernels(
    worked: Calculation, name: str, kernels_FCHW: tuple[tuple[Grid, ...], ...]
) -> Iterator[Block]:
    if not kernels_FCHW:
        return
    first, second = "filter", "channel"
    if worked.operation == "transposed convolution":
        first, second = "channel", "filter of its group" if worked.geometry.groups > 1 else "filter"
    single = len(kernels_FCHW) == len(kernels_FCHW[0]) == 1
    names = [
        "" if single else f", {first} {f}, {second} {c}"
        for f, grids in enumerate(kernels_FCHW)
        for c in range(len(grids))
    ]
    grids = [grid for grids in kernels_FCHW for grid in grids]
    yield from _matrices(name, grids, worked, names)


def _parts_of_output(worked: Calculation) -> list[str]:
    if is_flat(worked):
        return [""]
    part = "filter" if worked.kernels_FCHW else "channel"
    return [f", {part} {number}" for number in range(len(worked.output_FHW))]


def _matrices(
    name: str, grids: Sequence[Grid], worked: Calculation, parts: Sequence[str]
) -> Iterator[Block]:
    """The grids, or their size where they are too large to be read."""
    height, width = len(grids[0]), len(grids[0][0])
    if len(grids) * height * width > MOST_NUMBERS or width > MOST_COLUMNS:
        count = f", {len(grids)} times" if len(grids) > 1 else ""
        yield Paragraph(
            f"The {name}, {height}×{width}{count}, is too large to be shown; JSON holds all of it."
        )
        return
    for grid, part in zip(grids, parts, strict=True):
        rows = tuple(tuple(shown(value, worked.decimals) for value in row) for row in grid)
        yield Matrix(name + part, rows)


def _settings(worked: Calculation) -> Iterator[Paragraph]:
    geometry = worked.geometry
    if geometry.groups > 1:
        yield Paragraph(
            f"Channels and filters are divided into {geometry.groups} groups; "
            "a filter sees the channels of its own group only."
        )
    if worked.operation == "max pooling" and geometry.padding != ((0, 0), (0, 0)):
        yield Paragraph("The maximum ignores the padding.")
    if worked.operation == "average pooling" and geometry.padding != ((0, 0), (0, 0)):
        counts = "counts as zeros" if geometry.count_padding else "does not count"
        yield Paragraph(f"Padding {counts} in the average.")


def _size(worked: Calculation) -> Iterator[Block]:
    """The formula with the numbers put in, for rows and for columns."""
    geometry, image = worked.geometry, worked.image_CHW[0]
    if geometry.adaptive:
        yield Paragraph("Window i of m on n cells goes from ⌊i·n/m⌋ up to, without, ⌈(i + 1)·n/m⌉:")
    elif worked.operation == "transposed convolution":
        yield Paragraph(
            "Output size = (input − 1)·stride − padding on both sides + dilation·(kernel − 1) "
            "+ output padding + 1:"
        )
    else:
        left, right = "⌈⌉" if geometry.ceil else "⌊⌋"
        yield Paragraph(
            f"Output size = {left}(input + padding on both sides − dilation·(kernel − 1) − 1)"
            f"/stride{right} + 1:"
        )
    for axis, (name, size) in enumerate((("rows", len(image)), ("columns", len(image[0])))):
        formula = _size_formula(worked, axis, size)
        yield Formula(f"{name}: {formula.text}", rf"\text{{{name}: }} {formula.latex}")


def _size_formula(worked: Calculation, axis: int, size: int) -> Formula:
    geometry = worked.geometry
    kernel, stride = geometry.kernel[axis], geometry.stride[axis]
    padding, dilation = geometry.padding[axis], geometry.dilation[axis]
    if geometry.adaptive:
        grid = worked.output_FHW[0]
        m = len(grid) if axis == 0 else len(grid[0])
        return Formula(
            f"⌊i·{size}/{m}⌋ to ⌈(i + 1)·{size}/{m}⌉, i from 0 to {m - 1}",
            rf"\lfloor i \cdot {size} / {m} \rfloor \text{{ to }} "
            rf"\lceil (i + 1) \cdot {size} / {m} \rceil, \quad i = 0, \ldots, {m - 1}",
        )
    if worked.operation == "transposed convolution":
        added = geometry.output_padding[axis]
        return transposed_formula(size, kernel, stride, padding, dilation, output_padding=added)
    if worked.operation == "convolution":
        return convolution_formula(size, kernel, stride, padding, dilation)
    return pooling_formula(size, kernel, stride, padding, dilation, ceil=geometry.ceil)


def _sums(worked: Calculation, cell: Cell | None) -> Iterator[Block]:
    filters, rows = len(worked.output_FHW), len(worked.output_FHW[0])
    columns = len(worked.output_FHW[0][0])
    places = [(f, r, c) for f in range(filters) for r in range(rows) for c in range(columns)]
    shown_places = places if len(places) <= MOST_SUMS else places[:FIRST_SUMS]
    cells = [cell] if cell else [cell_of(worked, r, c, f) for f, r, c in shown_places]
    yield Paragraph(f"{_heading(worked)}, counted from 0.{_legend(cells)}")
    for one in cells:
        yield cell_formula(worked, one)
    if not cell and len(places) > len(cells):
        yield Paragraph(
            f"These are the first {len(cells)} of {len(places):,}; --cell row,column shows any one "
            "(in Python worked.cell(row, column))."
        )


def _heading(worked: Calculation) -> str:
    first = "" if is_flat(worked) else "filter, " if worked.kernels_FCHW else "channel, "
    what = "The sums, product by product" if worked.kernels_FCHW else "The windows, value by value"
    return f"{what}; output[{first}row, column]"


def _legend(cells: Sequence[Cell]) -> str:
    """What the marks mean, if there are any."""
    marked = any(term.padding for cell in cells for term in cell.terms)
    unreached = any(not cell.terms for cell in cells)
    return (
        " What stands in square brackets, or in a box, is padding." * marked
        + " A sum without products is of a cell that no cell of the image reaches." * unreached
    )


def _dimensions(image_CHW: Sequence[Sequence[Sequence[Number]]]) -> str:
    sizes = (len(image_CHW), len(image_CHW[0]), len(image_CHW[0][0]))
    return "×".join(map(str, sizes if sizes[0] > 1 else sizes[1:]))
