"""Receptive fields: which cells of the input one output value can depend on, along one axis.

Output cell i sees the input cells from i·stride + low to i·stride + high, both included. This is
the recursion of Araujo, Norris and Sim (2019, "Computing Receptive Fields of Convolutional Neural
Networks", equations 1 to 6), with the two ends carried apart, so that branches can be joined.
Cells outside the picture are counted, as the literature does: the field of a layer may be larger
than the picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class ReceptiveField:
    """What output cell i sees along one axis: i·stride + low to i·stride + high.

    Attributes:
        stride: input cells from one output cell to the next; 0 when all see the same.
        low: first input cell that output cell 0 sees; negative in the padding.
        high: last one.
    """

    stride: Fraction = Fraction(1)
    low: Fraction = Fraction(0)
    high: Fraction = Fraction(0)

    @property
    def size(self) -> int:
        """Cells that one output cell sees."""
        return math.floor(self.high) - math.ceil(self.low) + 1


def through_window(
    field: ReceptiveField, kernel: int, stride: int = 1, before: int = 0, dilation: int = 1
) -> ReceptiveField:
    """The field behind a convolution or pooling.

    Args:
        field: in front of it.
        kernel: cells of the window.
        stride: of the window.
        before: padding in front of the first cell.
        dilation: distance between the window's cells.
    """
    reach = dilation * (kernel - 1) - before
    return ReceptiveField(
        field.stride * stride,
        field.low - field.stride * before,
        field.high + field.stride * reach,
    )


def through_transposed(
    field: ReceptiveField, kernel: int, stride: int = 1, before: int = 0, dilation: int = 1
) -> ReceptiveField:
    """The field behind a transposed convolution: the largest, for it differs from cell to cell.

    Output cell o is reached by the input cells j with o = j·stride − before + k·dilation for a k
    in [0, kernel).
    """
    first = Fraction(before - dilation * (kernel - 1), stride)
    last = Fraction(before, stride)
    return ReceptiveField(
        field.stride / stride, field.low + field.stride * first, field.high + field.stride * last
    )


def through_adaptive(field: ReceptiveField, size: int, output: int) -> ReceptiveField:
    """The field behind adaptive pooling of `size` cells to `output`: the largest of its windows.

    Window i reaches from ⌊i·size/output⌋ to ⌈(i + 1)·size/output⌉ − 1.
    """
    step = Fraction(size, output)
    first = [math.floor(index * step) - index * step for index in range(output)]
    last = [math.ceil((index + 1) * step) - 1 - index * step for index in range(output)]
    return ReceptiveField(
        field.stride * step,
        field.low + field.stride * min(first),
        field.high + field.stride * max(last),
    )


def joined(one: ReceptiveField, other: ReceptiveField) -> ReceptiveField:
    """The field of a value that depends on both, such as the sum of two branches.

    Branches of different strides can't be told by one stride: see `spread`.
    """
    return ReceptiveField(one.stride, min(one.low, other.low), max(one.high, other.high))


def moved(field: ReceptiveField, cells: int) -> ReceptiveField:
    """The field when `cells` are cut off in front (or, negative, put there)."""
    shift = field.stride * cells
    return ReceptiveField(field.stride, field.low + shift, field.high + shift)


def spread(field: ReceptiveField, length: int) -> ReceptiveField:
    """What is seen by a value that depends on all `length` cells, such as a global mean."""
    return ReceptiveField(Fraction(0), field.low, field.high + field.stride * (length - 1))
