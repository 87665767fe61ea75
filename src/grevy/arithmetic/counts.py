"""Parameters and multiply-accumulates, each as a number and as the sum that gives it.

The convention: one MAC is one multiplication and one addition, FLOPs are 2 MACs. Counted are
convolutions, linear layers and matrix products, padding included as if it were data. Not counted
are biases, normalisation, activation functions, pooling, and additions of branches.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

CONVENTION = (
    "One MAC is one multiplication and one addition; FLOPs = 2 MACs.",
    "Counted: convolutions, linear layers, matrix products; cells of the padding as any other.",
    "Not counted: biases, normalisation, activation functions, pooling, sums of branches.",
)


@dataclass(frozen=True)
class Count:
    """A number and the arithmetic that gives it, such as "(5·5·3 + 1)·32"."""

    value: int
    worked: str

    def __str__(self) -> str:
        value = f"{self.value:,}"
        return value if self.worked == value else f"{self.worked} = {value}"


def convolution_parameters(
    kernel: Sequence[int], channels: int, filters: int, bias: bool = True
) -> Count:
    """Parameters of a convolution: each filter has kernel × channels weights and one bias.

    Args:
        kernel: cells along each axis.
        channels: that one filter sees, that is the input's over the groups.
        filters: number of output channels.
        bias: whether each filter has one.
    """
    weights = math.prod(kernel) * channels
    worked = product((*kernel, channels))
    return _for_each(worked, weights, filters, bias)


def linear_parameters(features: int, outputs: int, bias: bool = True) -> Count:
    """Parameters of a linear layer: each output has a weight for each feature, and one bias."""
    return _for_each(f"{features:,}", features, outputs, bias)


def other_parameters(shapes: Sequence[Sequence[int]]) -> Count:
    """Parameters of any layer: the sizes of its tensors, added."""
    worked = " + ".join(product(shape) for shape in shapes)
    if len(shapes) == 2 and tuple(shapes[0]) == tuple(shapes[1]):
        worked = product((2, *shapes[0]))
    return Count(sum(map(math.prod, shapes)), worked or "0")


def convolution_macs(
    kernel: Sequence[int], channels: int, filters: int, positions: Sequence[int]
) -> Count:
    """MACs of a convolution for one picture.

    Args:
        kernel: cells along each axis.
        channels: that one filter sees.
        filters: number of output channels.
        positions: rows and columns at which the kernel is applied: of the output, or of the input
            in a transposed convolution.
    """
    factors = (*kernel, channels, filters, *positions)
    return Count(math.prod(factors), product(factors))


def matrix_macs(rows: int, inner: int, columns: int, times: int = 1) -> Count:
    """MACs of [rows, inner] times [inner, columns], done `times` times."""
    factors = tuple(factor for factor in (times, rows, inner, columns) if factor != 1)
    return Count(times * rows * inner * columns, product(factors or (1,)))


def total(counts: Sequence[Count]) -> Count:
    """The sum of some counts, equal ones put together."""
    times = Counter(count.worked for count in counts)
    worked = " + ".join(_repeated(term, number) for term, number in times.items())
    return Count(sum(count.value for count in counts), worked or "0")


def _repeated(worked: str, number: int) -> str:
    if number == 1:
        return worked
    return f"{number:,}·({worked})" if " " in worked else f"{number:,}·{worked}"


def product(factors: Sequence[int]) -> str:
    """The factors with dots between them: "5·5·3"."""
    return "·".join(f"{factor:,}" for factor in factors) or "1"


def _for_each(worked: str, weights: int, filters: int, bias: bool) -> Count:
    inside = f"({worked} + 1)" if bias else worked
    return Count((weights + bias) * filters, f"{inside}·{filters:,}")
