"""What a convolution or pooling worked by hand is made of: numbers only.

Shapes: C channels of the image, F filters, H rows, W columns. All numbers are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Number = int | Fraction
Grid = tuple[tuple[Number, ...], ...]
"""[H, W]"""

Pair = tuple[int, int]
"""A value for rows (vertical) and one for columns (horizontal)."""

Operation = Literal["convolution", "transposed convolution", "max pooling", "average pooling"]
Mode = Literal["correlation", "convolution"]
Boundary = Literal["zeros", "reflect", "replicate", "wrap"]


@dataclass(frozen=True)
class Geometry:
    """How the window goes over the image.

    Attributes:
        kernel: rows and columns of the window.
        stride: steps from one window to the next.
        padding: ((top, bottom), (left, right)) cells around the image.
        dilation: distance between neighbouring cells of the window.
        output_padding: rows and columns added at the end; transposed convolution only.
        groups: parts into which channels and filters are divided.
        boundary: what the padding holds.
        adaptive: the windows follow from the output size and may overlap or differ in size
            (adaptive pooling); stride, padding and dilation then say nothing, and kernel is the
            largest window.
        ceil: a last window that hangs over the end is kept; pooling only.
        count_padding: padding counts in the average; average pooling only.
    """

    kernel: Pair
    stride: Pair = (1, 1)
    padding: tuple[Pair, Pair] = ((0, 0), (0, 0))
    dilation: Pair = (1, 1)
    output_padding: Pair = (0, 0)
    groups: int = 1
    boundary: Boundary = "zeros"
    adaptive: bool = False
    ceil: bool = False
    count_padding: bool = True


@dataclass(frozen=True)
class Term:
    """One product of a cell's sum, or one value of a pooling window.

    Attributes:
        value: what stands at (row, column), padding included.
        weight: what it is multiplied by; None in pooling.
        channel: of the image.
        row: on the image; negative or beyond the last in the padding.
        column: likewise.
        kernel_row: cell of the kernel as it was given (a turned kernel is addressed as given);
            in pooling the place in the window.
        kernel_column: likewise.
        padding: whether (row, column) lies outside the image.
    """

    value: Number
    weight: Number | None
    channel: int
    row: int
    column: int
    kernel_row: int
    kernel_column: int
    padding: bool


@dataclass(frozen=True)
class Cell:
    """One output cell.

    Attributes:
        filter: index of the filter; in pooling of the channel.
        row: in the output.
        column: in the output.
        terms: in the order of channels, then rows, then columns of the image. In pooling without
            padding that counts for nothing.
        bias: added to the sum.
        divisor: what the sum is divided by in average pooling, else 1.
        value: the result.
    """

    filter: int
    row: int
    column: int
    terms: tuple[Term, ...]
    bias: Number
    divisor: int
    value: Number


@dataclass(frozen=True)
class Calculation:
    """A whole convolution or pooling.

    Attributes:
        operation: what was worked.
        mode: whether the kernel was laid on as it is (correlation) or turned (convolution).
        image_CHW: the numbers given.
        kernels_FCHW: as given, C the channels of one group; of a transposed convolution
            [C, F / groups, H, W] as in torch; empty in pooling.
        bias_F: one number a filter; empty in pooling.
        geometry: how the window went over the image.
        output_FHW: the results.
        sentence: which of correlation and convolution it was and how the other differs.
        decimals: whether a number was given as a decimal; results are then shown so, too.
    """

    operation: Operation
    mode: Mode
    image_CHW: tuple[Grid, ...]
    kernels_FCHW: tuple[tuple[Grid, ...], ...]
    bias_F: tuple[Number, ...]
    geometry: Geometry
    output_FHW: tuple[Grid, ...]
    sentence: str
    decimals: bool = False
