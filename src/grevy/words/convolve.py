"""The words of `grevy convolve`: what is convolved or pooled, and how."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Literal, Optional

import tyro
from annotated_types import Interval

from grevy.arithmetic.calculation import Cell
from grevy.arithmetic.convolve import convolve
from grevy.arithmetic.pool import pool
from grevy.arithmetic.worked import Worked
from grevy.documents.suffixes import DOCUMENTS, listed
from grevy.errors import UsageError
from grevy.words.numbers import read_numbers
from grevy.words.places import PLACE

# To check a default, tyro imports typeguard for `X | None` and `tuple[X, ...]`. That takes 0.1 s of
# the 0.3 s that this command has; `Optional[X]` and `tuple` it knows by itself.
_Text = Optional[str]  # noqa: UP045
_Pooling = Optional[Literal["max", "average"]]  # noqa: UP045
if TYPE_CHECKING:
    _Names = tuple[str, ...]
else:
    _Names = tuple

_OF_KERNELS = ("kernel", "bias", "groups", "boundary", "mode", "transposed", "output_padding")
_OF_POOLING = ("window", "output_size", "ceil", "count_padding")


_OUT = tyro.conf.arg(
    help=f"Write it to a file: {listed((*DOCUMENTS, '.json'))}, a figure .png or .svg, an animation"
    " .gif. May be given several times."
)


@dataclass(frozen=True)
class ConvolveArguments:
    """Convolution and pooling by hand: the result, exactly, and every sum that made it.

    grevy convolve --image "1 0 2; 3 2 0; 0 6 1" --kernel "1 2; 3 4"
    """

    image: str
    """Numbers, rows parted by ';', channels by '|': "1 0 2; 3 4 5". Decimals and fractions (1/3)
    are exact. Or a CSV file with a blank line between channels, or a picture."""

    kernel: _Text = None
    """The same, filters parted by '||'. Transposed, '||' parts channels and '|' filters."""

    bias: _Text = None
    """One number a filter: "1 -2"."""

    stride: _Text = None
    """Steps from window to window: 2, or 2x1 for rows x columns. Default: 1; in pooling the
    window."""

    padding: str = "0"
    """Cells around the image: 1, 2x1, top,bottom,left,right, same or valid."""

    dilation: str = "1"
    """Distance between neighbouring cells of the kernel: 2, or 2x1."""

    groups: Annotated[int, Interval(ge=1, le=65_536)] = 1
    """Parts into which channels and filters are divided."""

    boundary: str = "zeros"
    """What the padding holds: zeros, reflect, replicate or wrap."""

    mode: Literal["correlation", "convolution"] = "correlation"
    """The kernel as it is, which is what deep-learning frameworks do, or turned by 180 degrees."""

    transposed: bool = False
    """The transposed convolution."""

    output_padding: str = "0"
    """Rows and columns added at the end of a transposed convolution."""

    pool: _Pooling = None
    """Pooling instead of a kernel."""

    window: _Text = None
    """Of pooling: 2, or 2x3."""

    output_size: _Text = None
    """Adaptive pooling to this size: 2, or 2x3."""

    ceil: bool = False
    """Pooling keeps a last window that hangs over the end."""

    count_padding: bool = True
    """Whether average pooling counts padding as zeros."""

    gray: bool = False
    """Make one channel of a colour picture."""

    cell: _Text = None
    """Write out only the sum of this output cell: row,column, counted from 0."""

    filter: Annotated[int, Interval(ge=0, le=65_535)] = 0
    """Filter (in pooling channel) of that cell and of figures, counted from 0."""

    out: Annotated[tyro.conf.UseAppendAction[_Names], _OUT, PLACE] = ()

    json: bool = False
    """Print one JSON object and nothing else."""


def worked_of(arguments: ConvolveArguments) -> Worked:
    """The convolution or pooling that is asked for.

    Raises:
        UsageError: flags that don't belong together.
        ConvolutionError: numbers or sizes that can't be worked with.
    """
    return _pooled(arguments) if arguments.pool else _convolved(arguments)


def cell_of(arguments: ConvolveArguments, worked: Worked) -> Cell | None:
    """The one cell whose sum is asked for, if one is.

    Raises:
        UsageError: a place that is no row and column.
        CellNotFoundError: it is outside the output.
    """
    if arguments.cell is None:
        return None
    place = re.fullmatch(r"\s*(\d+)\s*,\s*(\d+)\s*", arguments.cell)
    if place is None:
        raise UsageError(
            f"--cell {arguments.cell}", "row,column, counted from 0", "for example --cell 0,0"
        )
    return worked.cell(int(place[1]), int(place[2]), arguments.filter)


def _convolved(arguments: ConvolveArguments) -> Worked:
    if arguments.kernel is None:
        raise UsageError("no kernel", "--kernel, or --pool", 'for example --kernel "1 0; 0 1"')
    _refuse(arguments, _OF_POOLING, "without --pool", "leave it out, or add --pool max")
    return convolve(
        read_numbers(arguments.image, arguments.gray),
        read_numbers(arguments.kernel, arguments.gray),
        bias=arguments.bias,
        stride=arguments.stride or 1,
        padding=arguments.padding,
        dilation=arguments.dilation,
        groups=arguments.groups,
        boundary=arguments.boundary,
        mode=arguments.mode,
        transposed=arguments.transposed,
        output_padding=arguments.output_padding,
    )


def _pooled(arguments: ConvolveArguments) -> Worked:
    _refuse(arguments, _OF_KERNELS, "together with --pool", "pooling has no kernel: leave it out")
    if arguments.window is None and arguments.output_size is None:
        raise UsageError("--pool alone", "--window or --output-size", "for example --window 2")
    return pool(
        read_numbers(arguments.image, arguments.gray),
        arguments.window,
        kind=arguments.pool or "max",
        stride=arguments.stride,
        padding=arguments.padding,
        dilation=arguments.dilation,
        ceil=arguments.ceil,
        count_padding=arguments.count_padding,
        output_size=arguments.output_size,
    )


def _refuse(arguments: ConvolveArguments, names: tuple[str, ...], why: str, mend: str) -> None:
    """Flags that were given and don't belong here."""
    defaults = {field.name: field.default for field in fields(arguments)}
    given = [name for name in names if getattr(arguments, name) != defaults[name]]
    if given:
        flags = " and ".join("--" + name.replace("_", "-") for name in given)
        raise UsageError(f"{flags} {why}", "", mend)
