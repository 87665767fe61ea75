"""`grevy size`: sizes of a convolution or pooling, solved for what is not given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from grevy.arithmetic.size_question import Operation
from grevy.arithmetic.solve import FIRST, Sizes, size
from grevy.cli.blocks import print_document
from grevy.cli.output import Output
from grevy.cli.parse import parse
from grevy.errors import UsageError

SHOWN = 24
"""Solutions that a terminal shows."""


@dataclass(frozen=True)
class SizeArguments:
    """Sizes of a convolution or pooling: give all but one or two and the rest is solved for.

    Sizes are whole numbers, 32x48 for rows and columns, or '?' (in quotes) for what is asked for.
    What is not given of input, kernel and output is asked for; if all three are given, the padding
    and the stride that are not. The rest is assumed, and said: stride 1, padding 0, dilation 1.
    """

    input: str = ""
    """Input rows."""

    kernel: str = ""
    """Rows of the window."""

    stride: str = ""
    """Rows from one window to the next; of a pooling, as large as the kernel if not given."""

    padding: str = ""
    """Rows added on each side."""

    dilation: str = ""
    """Distance of neighbouring rows of the window."""

    output: str = ""
    """Output rows; "same" for as many as the input, and without --input for every input."""

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

    out: str = ""
    """Also write the answer to this file: .md, .tex, .html, .txt or .json."""

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
