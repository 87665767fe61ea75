"""`grevy convolve`: convolution and pooling worked by hand, every sum written out."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Optional

import tyro

from grevy.arithmetic.as_json import as_json
from grevy.arithmetic.calculation import Cell
from grevy.arithmetic.convolve import convolve
from grevy.arithmetic.explain import document
from grevy.arithmetic.pool import pool
from grevy.arithmetic.worked import Worked
from grevy.cli.numbers import read_numbers
from grevy.cli.output import Output
from grevy.cli.parse import parse
from grevy.documents.suffixes import DOCUMENTS, listed
from grevy.errors import UsageError

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
_FIGURES = (".png", ".svg", ".gif")
_FORMS = (*DOCUMENTS, ".json", *_FIGURES)
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

    groups: int = 1
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

    filter: int = 0
    """Filter (in pooling channel) of that cell and of figures, counted from 0."""

    out: Annotated[tyro.conf.UseAppendAction[_Names], _OUT] = ()

    json: bool = False
    """Print one JSON object and nothing else."""


def main(words: list[str]) -> None:
    """Parse, work, print, write."""
    arguments = parse(ConvolveArguments, "convolve", words)
    output = Output(arguments.json)
    outs = [_checked_form(Path(name)) for name in arguments.out]
    worked = _pooled(arguments) if arguments.pool else _convolved(arguments)
    cell = _cell(arguments, worked)
    if not arguments.json:
        from grevy.cli.blocks import print_document

        print_document(output, document(worked, cell))
    drawn = cell or worked.cell(0, 0, arguments.filter)
    written = [path for out in outs for path in _write(worked, cell, drawn, out)]
    _print_ending(arguments, worked, written, output)
    if arguments.json:
        output.result({**as_json(worked, cell), "written": [str(path) for path in written]})


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


def _cell(arguments: ConvolveArguments, worked: Worked) -> Cell | None:
    if arguments.cell is None:
        drawn = any(Path(name).suffix.lower() in _FIGURES for name in arguments.out)
        if arguments.filter and not drawn:
            raise UsageError("--filter without --cell or a figure", "", "add --cell row,column")
        return None
    place = re.fullmatch(r"\s*(\d+)\s*,\s*(\d+)\s*", arguments.cell)
    if place is None:
        raise UsageError(
            f"--cell {arguments.cell}", "row,column, counted from 0", "for example --cell 0,0"
        )
    return worked.cell(int(place[1]), int(place[2]), arguments.filter)


def _checked_form(path: Path) -> Path:
    """Before any work is done."""
    if path.suffix.lower() in _FORMS:
        return path
    raise UsageError(
        f"--out {path}",
        f"a name that ends in {listed(_FORMS)}",
        "change its ending",
    )


def _write(worked: Worked, cell: Cell | None, drawn: Cell, path: Path) -> list[Path]:
    """Write one file (a figure as PNG and SVG) and say what was written.

    Args:
        worked: the answer.
        cell: the only one whose sum is written out, if it was asked for.
        drawn: the one in a figure; an animation walks over its filter.
        path: whose suffix decides.
    """
    form = path.suffix.lower()
    if form in DOCUMENTS:
        from grevy.documents.write import write_document

        return [write_document(document(worked, cell), path)]
    if form == ".json":
        from grevy.records.atomic import write_json

        write_json(path, as_json(worked, cell))
        return [path]
    if form == ".gif":
        from grevy.figures.animation import animate_convolution

        return [animate_convolution(worked, path, drawn.filter)]
    from grevy.figures.convolution import draw_convolution
    from grevy.figures.save import save_figure

    return list(save_figure(draw_convolution(worked, drawn), path.with_suffix("")))


def _print_ending(
    arguments: ConvolveArguments, worked: Worked, written: list[Path], output: Output
) -> None:
    output.line()
    for path in dict.fromkeys(written):
        output.line(f"written   {path}")
    row, column = len(worked.output_FHW[0]) - 1, len(worked.output_FHW[0][0]) - 1
    if not arguments.cell:
        output.line(f"next      one sum alone: the same command with --cell {row},{column}")
    if not written:
        output.line(
            "next      keep it: --out sums.md (.tex, .html), a figure: --out sums.png (.gif)"
        )
