"""`grevy size`: sizes of a convolution or pooling, solved for what is not given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from grevy.arithmetic.size_question import Operation
from grevy.arithmetic.solve import FIRST, Sizes, size
from grevy.cli.blocks import print_document
from grevy.cli.output import Output
from grevy.cli.parse import parse
from grevy.documents.suffixes import DOCUMENTS, listed
from grevy.errors import UsageError

FORMS = listed((*DOCUMENTS, ".json"))

SHOWN = 24
"""Solutions that a terminal shows."""


@dataclass(frozen=True)
class SizeArguments:
    """Sizes of a convolution or pooling: give all but one or two and the rest is solved for."""

    input: str = ""
    """Input rows: 32, or 32x48 for rows and columns, or '?' in quotes to solve for it. Solved for
    if not given."""

    kernel: str = ""
    """Rows of the window; solved for if not given."""

    stride: str = ""
    """Rows from one window to the next. If not given: solved for when input, kernel and output are
    given, else 1, in pooling the kernel."""

    padding: str = ""
    """Rows added on each side. If not given: solved for as the stride is, else 0."""

    dilation: str = ""
    """Distance of neighbouring rows of the window. If not given: 1, or solved for when all else is
    given."""

    output: str = ""
    """Output rows; solved for if not given. "same": as many as the input; without --input, whatever
    that is."""

    output_padding: str = ""
    """Rows added at the end of the output of a transposed convolution."""

    transposed: bool = False
    """A transposed convolution."""

    pooling: bool = False
    """A pooling."""

    ceil: bool = False
    """Of a pooling: round up."""

    first: int = FIRST
    """How many solutions are listed where they have no end."""

    out: Annotated[str, tyro.conf.arg(help=f"Also write the answer to this file: {FORMS}.")] = ""

    json: bool = False
    """Print one JSON object and nothing else."""


def main(words: list[str]) -> None:
    """Parse, solve, print, write."""
    arguments = parse(SizeArguments, "size", words)
    if arguments.transposed and arguments.pooling:
        raise UsageError("--transposed and --pooling", "one of them", "leave one out")
    sizes = _solve(arguments)
    output = Output(arguments.json)
    print_document(output, sizes.document(SHOWN))
    if any(len(axis.solutions) > SHOWN for axis in sizes.axes):
        output.line("\nAll of them: --json, or --out FILE.md")
    if arguments.out:
        output.line(f"\nwrote {_write(sizes, Path(arguments.out))}")
    output.result(sizes.as_json())


def _solve(arguments: SizeArguments) -> Sizes:
    other: Operation = "transposed" if arguments.transposed else "convolution"
    return size(
        input=arguments.input,
        kernel=arguments.kernel,
        stride=arguments.stride,
        padding=arguments.padding,
        dilation=arguments.dilation,
        output=arguments.output,
        output_padding=arguments.output_padding,
        operation="pooling" if arguments.pooling else other,
        ceil=arguments.ceil,
        first=arguments.first,
    )


def _write(sizes: Sizes, path: Path) -> Path:
    if path.suffix.lower() == ".json":
        from grevy.records.atomic import write_json

        write_json(path, sizes.as_json())
        return path
    from grevy.documents.write import write_document

    return write_document(sizes.document(), path)
