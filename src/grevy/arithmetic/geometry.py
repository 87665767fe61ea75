"""How the window goes over the image, from what people write: "2x1", "same", (1, 0, 1, 0)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from operator import index
from typing import cast

from grevy.arithmetic.calculation import Boundary, Mode, Pair
from grevy.arithmetic.words import counted
from grevy.errors import EvenKernelError, GeometryError

Size = int | str | Sequence[int]
"""One number for rows and columns, or "2x1" or (2, 1): rows × columns."""

Padding = int | str | Sequence[int] | Sequence[Sequence[int]]
"""As `Size`; or "same" or "valid"; or four numbers: top, bottom, left, right."""

Sides = tuple[Pair, Pair]
"""((top, bottom), (left, right))"""

MOST_CELLS = 4_000_000
"""Of an output: each is an exact sum of its own, kept with its terms."""

_BOUNDARIES: dict[str, Boundary] = {
    "zeros": "zeros",
    "zero": "zeros",
    "reflect": "reflect",
    "reflection": "reflect",
    "replicate": "replicate",
    "replication": "replicate",
    "wrap": "wrap",
    "wrap-around": "wrap",
    "circular": "wrap",
}


def pair(value: Size, name: str, least: int) -> Pair:
    """A value for rows and one for columns.

    Raises:
        GeometryError: not one or two whole numbers, or one below `least`.
    """
    numbers = _whole(value, name)
    if len(numbers) not in (1, 2):
        raise _not_whole(value, name)
    if min(numbers) < least:
        raise GeometryError(
            f"{name} {_said(value)}",
            f"{least} or more",
            f"take {name} {least}",
        )
    return numbers[0], numbers[-1]


def sides(padding: Padding, kernel: Pair, stride: Pair, dilation: Pair) -> Sides:
    """Cells around the image: ((top, bottom), (left, right)).

    Raises:
        GeometryError: not one, two or four whole numbers, a negative one, an unknown word, or
            "same" with a stride other than 1.
        EvenKernelError: "same" for a kernel whose rows or columns reach over an even number.
    """
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "same":
        return _same(kernel, stride, dilation)
    numbers = _whole(padding, "padding")
    if len(numbers) != 4:
        rows, columns = pair(cast(Size, padding), "padding", 0)
        return (rows, rows), (columns, columns)
    if min(numbers) < 0:
        raise GeometryError(f"padding {_said(padding)}", "0 or more a side", "take 0 there")
    return (numbers[0], numbers[1]), (numbers[2], numbers[3])


def boundary_named(name: str) -> Boundary:
    """zeros, reflect, replicate or wrap, also under their other names.

    Raises:
        GeometryError: no such boundary.
    """
    if name not in _BOUNDARIES:
        raise GeometryError(
            f"boundary '{name}'", "zeros, reflect, replicate or wrap", "take one of these"
        )
    return _BOUNDARIES[name]


def mode_named(name: str) -> Mode:
    """Correlation or convolution.

    Raises:
        GeometryError: no such mode.
    """
    if name == "correlation":
        return "correlation"
    if name == "convolution":
        return "convolution"
    raise GeometryError(
        f"mode '{name}'",
        "correlation (the kernel as it is) or convolution (turned by 180°)",
        "take one of these",
    )


def groups_of(groups: int) -> int:
    """A whole number from 1.

    Raises:
        GeometryError: anything else.
    """
    numbers = _whole(groups, "groups")
    if len(numbers) != 1 or numbers[0] < 1:
        raise GeometryError(f"groups {_said(groups)}", "a whole number from 1", "take 1")
    return numbers[0]


def check_boundary(boundary: Boundary, padding: Sides, size: Pair) -> None:
    """Reflection leaves out the edge, so it reaches size − 1 far; wrapping reaches size far.

    Raises:
        GeometryError: padding beyond that.
    """
    spare = {"reflect": 1, "wrap": 0}.get(boundary)
    if spare is None:
        return
    for both, length, name in zip(padding, size, ("rows", "columns"), strict=True):
        if max(both) > length - spare:
            raise GeometryError(
                f"padding {max(both)} by {boundary} on {length} {name}",
                f"at most {length - spare}: there is nothing further to {boundary}",
                "pad less, or take the boundary replicate or zeros",
            )


def refuse_large(output: Pair, channels: int) -> None:
    """An output that nobody works by hand, before its memory is taken.

    Args:
        output: rows and columns.
        channels: of it.

    Raises:
        GeometryError: more than `MOST_CELLS` in all.
    """
    if (cells := output[0] * output[1] * channels) > MOST_CELLS:
        raise GeometryError(
            f"an output of {output[0]:,}×{output[1]:,} in {counted(channels, 'channel')}",
            f"at most {MOST_CELLS:,} cells ({cells:,} here)",
            "take a smaller padding or output size; grevy size tells sizes of any",
        )


def _same(kernel: Pair, stride: Pair, dilation: Pair) -> Sides:
    """Half of what the window takes away, on each side."""
    if stride != (1, 1):
        raise GeometryError(
            f"padding 'same' with stride {stride[0]}x{stride[1]}",
            "stride 1: with another the size can't stay the same",
            "give the padding as a number",
        )
    lost = [spread * (length - 1) for length, spread in zip(kernel, dilation, strict=True)]
    top, bottom, left, right = (part for cells in lost for part in (cells // 2, -(-cells // 2)))
    if (top, left) != (bottom, right):
        raise EvenKernelError(
            f"padding 'same' with a kernel that spans {lost[0] + 1}×{lost[1] + 1}",
            "an odd number of rows and columns, for equal padding on both sides",
            f"take an odd kernel, or pad one more at the end as PyTorch does: "
            f"padding {top},{bottom},{left},{right} (top, bottom, left, right)",
        )
    return (top, bottom), (left, right)


def _whole(value: object, name: str) -> tuple[int, ...]:
    """Whole numbers from a number, text parted by 'x' or ',', or nested sequences."""
    try:
        numbers = tuple(_leaves(value))
    except (TypeError, ValueError):
        raise _not_whole(value, name) from None
    if not numbers:
        raise _not_whole(value, name)
    return numbers


def _leaves(value: object) -> Iterator[int]:
    if isinstance(value, str):
        yield from map(int, re.split(r"\s*[x×,]\s*", value.strip()))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner)
    elif isinstance(value, bool):
        raise TypeError
    else:
        yield index(value)  # type: ignore[arg-type]  # TypeError is what we ask for


def _not_whole(value: object, name: str) -> GeometryError:
    forms = "a whole number, or rows × columns such as 2x1"
    more = ", or top,bottom,left,right, or same, or valid" if name == "padding" else ""
    return GeometryError(f"{name} '{_said(value)}'", forms + more, f"take {name} 1")


def _said(value: object) -> str:
    return str(value)[:40]
