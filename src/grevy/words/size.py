"""The words of `grevy size`: what is given, and what is solved for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import tyro
from annotated_types import Interval

from grevy.arithmetic.size_question import Operation
from grevy.arithmetic.solve import FIRST, Sizes, size
from grevy.documents.suffixes import DOCUMENTS, listed
from grevy.errors import UsageError
from grevy.words.places import PLACE

SHOWN = 24
"""Solutions that are shown where they have no end."""


FORMS = listed((*DOCUMENTS, ".json"))


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

    first: Annotated[int, Interval(ge=1, le=10_000)] = FIRST
    """How many solutions are listed where they have no end."""

    out: Annotated[
        str, PLACE, tyro.conf.arg(help=f"Also write the answer to this file: {FORMS}.")
    ] = ""

    json: bool = False
    """Print one JSON object and nothing else."""


def sizes_of(arguments: SizeArguments) -> Sizes:
    """The sizes that are asked for.

    Raises:
        UsageError: a pooling that is transposed.
        ConvolutionError: no sizes do.
    """
    if arguments.transposed and arguments.pooling:
        raise UsageError("--transposed and --pooling", "one of them", "leave one out")
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
