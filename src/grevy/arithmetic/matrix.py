"""Images and kernels from text, nested lists or arrays: rows of one length, exact numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from grevy.arithmetic.calculation import Grid, Number
from grevy.arithmetic.exact import exact, is_decimal
from grevy.arithmetic.words import counted
from grevy.errors import NotANumberError, RaggedMatrixError

_FORMS = "rows parted by ';', such as \"1 2; 3 4\""


class Image(NamedTuple):
    """Numbers [C, H, W] and whether they were written as decimals."""

    numbers_CHW: tuple[Grid, ...]
    decimals: bool


class Kernels(NamedTuple):
    """Numbers [F, C, H, W] and whether they were written as decimals."""

    numbers_FCHW: tuple[tuple[Grid, ...], ...]
    decimals: bool


def read_image(given: object) -> Image:
    """An image [C, H, W].

    Args:
        given: text ("1 0 2; 3 4 5": numbers parted by spaces or commas, rows by ';' or a new
            line, channels by '|'; or nested as in "[[1, 2], [3, 4]]"), nested lists or an array
            [H, W] or [C, H, W].

    Raises:
        NotANumberError: something in it is no number.
        RaggedMatrixError: rows or channels of different sizes, or none at all.
    """
    levels, depth = _nested(given, "image")
    if depth not in (2, 3):
        raise _wrong_depth("image", depth, "[rows, columns] or [channels, rows, columns]")
    raw_CHW = levels if depth == 3 else [levels]
    numbers_CHW = tuple(_grid(raw, _named("image", c, raw_CHW)) for c, raw in enumerate(raw_CHW))
    _check_sizes(numbers_CHW, "channels of the image")
    return Image(numbers_CHW, _any_decimal(raw_CHW))


def read_kernels(given: object) -> Kernels:
    """Kernels [F, C, H, W]: as `read_image`, and filters parted by '||' in text.

    A list or array [H, W] is one filter of one channel, [C, H, W] one filter.

    Raises:
        NotANumberError: something in it is no number.
        RaggedMatrixError: rows, channels or filters of different sizes, or none at all.
    """
    levels, depth = _nested(given, "kernel")
    if depth not in (2, 3, 4):
        form = "[rows, columns], [channels, rows, columns] or [filters, channels, rows, columns]"
        raise _wrong_depth("kernel", depth, form)
    raw_FCHW = levels if depth == 4 else [levels] if depth == 3 else [[levels]]
    numbers_FCHW = tuple(
        tuple(_grid(raw, _named("kernel", c, raw_CHW)) for c, raw in enumerate(raw_CHW))
        for raw_CHW in raw_FCHW
    )
    if len({len(numbers_CHW) for numbers_CHW in numbers_FCHW}) != 1:
        counts = ", ".join(str(len(numbers_CHW)) for numbers_CHW in numbers_FCHW)
        raise RaggedMatrixError(
            f"filters with {counts} channels",
            "as many channels in every filter",
            "part channels by '|' and filters by '||'",
        )
    _check_sizes([grid for grids in numbers_FCHW for grid in grids], "kernels")
    return Kernels(numbers_FCHW, any(map(_any_decimal, raw_FCHW)))


def read_bias(given: object, filters: int) -> tuple[tuple[Number, ...], bool]:
    """One number a filter, and whether they were written as decimals; None is all zeros.

    Raises:
        NotANumberError: something in it is no number.
        RaggedMatrixError: not one number a filter.
    """
    if given is None:
        return (0,) * filters, False
    listed = given.tolist() if hasattr(given, "tolist") else given
    if isinstance(listed, str):
        listed = re.split(r"\s*[,;]\s*|\s+", listed.strip(" \n[]"))
    raw = list(listed) if isinstance(listed, Sequence) else [listed]
    bias_F = tuple(exact(value, "the bias") for value in raw)
    if len(bias_F) != filters:
        raise RaggedMatrixError(
            f"a bias of {counted(len(bias_F), 'number')} for {counted(filters, 'filter')}",
            "one number a filter",
            f"give {filters} or leave the bias out",
        )
    return bias_F, any(map(is_decimal, raw))


def turned_by_180(grid: Grid) -> Grid:
    """Rows and columns in reverse."""
    return tuple(row[::-1] for row in grid[::-1])


def _nested(given: object, name: str) -> tuple[list[Any], int]:
    """Nested lists and how deep they are."""
    if isinstance(given, str):
        text = given.strip().replace("(", "[").replace(")", "]")
        levels = _bracketed(text, name) if text.startswith("[") else _parted(text, name)
    else:
        levels = given.tolist() if hasattr(given, "tolist") else given
    depth, inner = 0, levels
    while isinstance(inner, list | tuple):
        depth += 1
        if not inner:
            raise RaggedMatrixError(
                f"no numbers in the {name}", "at least one number", f"give {_FORMS}"
            )
        inner = inner[0]
        inner = inner.tolist() if hasattr(inner, "tolist") else inner
    return levels, depth


def _bracketed(text: str, name: str) -> Any:
    """Nested lists from "[[1, 1/2], [0.5, 4]]"; the numbers stay text, so that they stay exact."""
    quoted = re.sub(r"[^\[\],\s]+", lambda found: json.dumps(found[0].strip("\"'")), text)
    try:
        return json.loads(quoted)
    except (ValueError, RecursionError):
        raise RaggedMatrixError(
            f"{name} whose brackets or commas don't fit together",
            'brackets as in "[[1, 2], [3, 4]]"',
            f"mend them, or write {_FORMS}",
        ) from None


def _parted(text: str, name: str) -> list[Any]:
    """Nested lists from "1 2; 3 4 | 5 6; 7 8"."""
    filters = [[_rows(channel) for channel in part.split("|")] for part in re.split(r"\|\|", text)]
    if len(filters) > 1 and name == "kernel":
        return filters
    if len(filters) > 1:
        raise RaggedMatrixError(
            "an image with '||', which parts filters", "one image", "part its channels by '|'"
        )
    return filters[0] if len(filters[0]) > 1 else filters[0][0]


def _rows(text: str) -> list[list[str]]:
    tidy = re.sub(r"\s*\n\s*", "\n", re.sub(r"\s*;\s*", ";", text.strip()))
    rows = re.split(r"[;\n]", tidy.removesuffix(";"))
    return [re.split(r"\s*,\s*|\s+", row.strip().removesuffix(",")) if row else [] for row in rows]


def _grid(raw: Any, name: str) -> Grid:
    raw = raw.tolist() if hasattr(raw, "tolist") else raw
    if not isinstance(raw, list | tuple):
        raise NotANumberError(f"'{raw}' where rows must stand in the {name}", "rows", "nest evenly")
    rows = tuple(_row(row, f"row {number} of the {name}") for number, row in enumerate(raw))
    widths = [len(row) for row in rows]
    if not widths or min(widths) != max(widths) or not widths[0]:
        odd = next((n for n, width in enumerate(widths) if width != widths[0]), 0)
        raise RaggedMatrixError(
            f"row {odd} of the {name} with {counted(widths[odd] if widths else 0, 'number')}, "
            f"row 0 with {widths[0] if widths else 0} (counted from 0)",
            "as many numbers in every row, at least one",
            f"write {_FORMS}",
        )
    return rows


def _row(raw: Any, name: str) -> tuple[Number, ...]:
    raw = raw.tolist() if hasattr(raw, "tolist") else raw
    if not isinstance(raw, list | tuple):
        raise NotANumberError(f"'{raw}' where {name} must stand", "a row of numbers", "nest evenly")
    if {*map(type, raw)} == {int}:
        return tuple(raw)
    return tuple(exact(value, name) for value in raw)


def _check_sizes(grids: Sequence[Grid], name: str) -> None:
    sizes = {(len(grid), len(grid[0])): None for grid in grids}
    if len(sizes) > 1:
        said = ", ".join(f"{height}×{width}" for height, width in sizes)
        raise RaggedMatrixError(f"{name} of different sizes: {said}", "one size", "make them equal")


def _any_decimal(raw_CHW: Any) -> bool:
    rows = (row for grid in raw_CHW for row in grid)
    return any({*map(type, row)} != {int} and any(map(is_decimal, row)) for row in rows)


def _named(name: str, channel: int, of: Sequence[Any]) -> str:
    return f"{name}, channel {channel}" if len(of) > 1 else name


def _wrong_depth(name: str, depth: int, form: str) -> RaggedMatrixError:
    return RaggedMatrixError(f"{name} of {counted(depth, 'dimension')}", form, f"write {_FORMS}")
