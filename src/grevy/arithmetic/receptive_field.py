"""Receptive fields: which cells of the input one output value can depend on, along one axis.

Behind convolutions and pooling every output cell sees as much as its neighbour, moved by the
stride: the recursion of Araujo, Norris and Sim (2019, "Computing Receptive Fields of Convolutional
Neural Networks", equations 1 to 6), with the two ends carried apart, so that branches can be
joined. Behind a transposed convolution, an enlargement or an adaptive pooling neighbours differ,
and the pattern repeats after some cells, its phases: each is carried by itself.

Cells outside the picture are counted, as the literature does: the field of a layer may be larger
than the picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

Cells = tuple[int, int]
"""First and last input cell that is seen; the last before the first where nothing is."""

NOTHING: Cells = (0, -1)

MOST_PHASES = 10_000
"""More are not followed: resizing again and again to sizes without a common divisor."""


class TooManyPhasesError(ArithmeticError):
    """The cells of one period are too many to be carried one by one."""


@dataclass(frozen=True)
class ReceptiveField:
    """What the output cells see along one axis.

    Output cell i = q·n + r sees the cells of phase r, moved by q·step, where n is the number of
    phases. One phase: every output cell sees as much as the others.

    Attributes:
        step: input cells from one period to the next; 0 when all see the same.
        phases: what the first output cells see, up to where the pattern begins again.
    """

    step: int = 1
    phases: tuple[Cells, ...] = ((0, 0),)

    def cells(self, index: int) -> Cells:
        """What output cell `index` sees; also of one in the padding, below 0."""
        period, phase = divmod(index, len(self.phases))
        return _moved(self.phases[phase], period * self.step)

    @property
    def stride(self) -> Fraction:
        """Input cells from one output cell to the next, on average."""
        return Fraction(self.step, len(self.phases))

    @property
    def low(self) -> int:
        """First input cell that output cell 0 sees; negative in the padding."""
        return self.phases[0][0]

    @property
    def high(self) -> int:
        """Last one."""
        return self.phases[0][1]

    @property
    def size(self) -> int:
        """Cells that one output cell sees; the largest number where cells differ."""
        return max(last - first + 1 for first, last in self.phases)

    @property
    def differs(self) -> bool:
        """Whether output cells differ in what they see, more than by the stride."""
        return len(self.phases) > 1


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
    places = range(-before, dilation * (kernel - 1) - before + 1, dilation)
    return _through(field, 1, stride, lambda at: [at * stride + place for place in places])


def through_transposed(
    field: ReceptiveField, kernel: int, stride: int = 1, before: int = 0, dilation: int = 1
) -> ReceptiveField:
    """The field behind a transposed convolution, which differs from cell to cell.

    Output cell o is reached by the input cells j with o = j·stride − before + k·dilation for a k
    in [0, kernel).
    """

    def reached_by(at: int) -> list[int]:
        laid = [divmod(at + before - dilation * k, stride) for k in range(kernel)]
        return [place for place, missed in laid if not missed]

    return _through(field, stride, 1, reached_by)


def through_adaptive(field: ReceptiveField, size: int, output: int) -> ReceptiveField:
    """The field behind adaptive pooling of `size` cells to `output`.

    Window i reaches from ⌊i·size/output⌋ to ⌈(i + 1)·size/output⌉ − 1.
    """
    ratio = Fraction(size, output)

    def window(at: int) -> range:
        return range(math.floor(at * ratio), math.ceil((at + 1) * ratio))

    return _through(field, ratio.denominator, ratio.numerator, window)


def through_resampling(
    field: ReceptiveField,
    ratio: Fraction,
    start: Fraction,
    taps: Iterable[int] = (0,),
    rounded: bool = False,
) -> ReceptiveField:
    """The field behind an enlargement or reduction by interpolation.

    Args:
        field: in front of it.
        ratio: input cells for an output cell.
        start: where output cell 0 lies among the input cells.
        taps: cells that are mixed, from ⌊place⌋ on: (0,) the nearest, (0, 1) linear.
        rounded: places are computed in numbers so short that one just on a cell may fall to the
            cell before it; both are told.
    """
    places = tuple(taps)

    def mixed(at: int) -> list[int]:
        place = at * ratio + start
        first = math.floor(place)
        before = [first - 1] if rounded and first == place else []
        return before + [first + tap for tap in places]

    return _through(field, ratio.denominator, ratio.numerator, mixed)


def repeated(field: ReceptiveField, times: int) -> ReceptiveField:
    """The field where each cell stands `times` behind one another."""
    return through_resampling(field, Fraction(1, times), Fraction(0))


def joined(one: ReceptiveField, other: ReceptiveField) -> ReceptiveField:
    """The field of a value that depends on both, such as the sum of two branches.

    Branches of different strides can't be told by one stride: see `spread`.
    """
    count = _checked(math.lcm(len(one.phases), len(other.phases)))
    step = one.step * (count // len(one.phases))
    hulls = [_hull([one.cells(at), other.cells(at)]) for at in range(count)]
    return _shortest(step, hulls)


def moved(field: ReceptiveField, cells: int) -> ReceptiveField:
    """The field when `cells` are cut off in front (or, negative, put there)."""
    return _shortest(field.step, [field.cells(at + cells) for at in range(len(field.phases))])


def spread(field: ReceptiveField, length: int) -> ReceptiveField:
    """What is seen by a value that depends on all `length` cells, such as a global mean."""
    return ReceptiveField(0, (_hull(map(field.cells, range(length))),))


def _through(
    field: ReceptiveField, period: int, advance: int, taps: Callable[[int], Sequence[int]]
) -> ReceptiveField:
    """The field behind an operation that takes some input cells for each output cell.

    Args:
        field: in front of it.
        period: after so many output cells the operation begins again,
        advance: so many input cells further.
        taps: the input cells of an output cell.
    """
    times = len(field.phases) // math.gcd(len(field.phases), advance)
    count = _checked(period * times)
    step = field.step * (advance * times // len(field.phases))
    return _shortest(step, [_hull(map(field.cells, taps(at))) for at in range(count)])


def _hull(parts: Iterable[Cells]) -> Cells:
    """From the first to the last cell of all that are not empty."""
    found = [cells for cells in parts if cells[0] <= cells[1]]
    if not found:
        return NOTHING
    return min(first for first, _ in found), max(last for _, last in found)


def _shortest(step: int, phases: Sequence[Cells]) -> ReceptiveField:
    """The same field with as few phases as say it."""
    count = len(phases)
    for size in (n for n in range(1, count) if count % n == 0 and step * n % count == 0):
        shift = step * size // count
        repeats = (_moved(phases[at - size], shift) == phases[at] for at in range(size, count))
        if all(repeats):
            return ReceptiveField(shift, tuple(phases[:size]))
    return ReceptiveField(step, tuple(phases))


def _moved(cells: Cells, shift: int) -> Cells:
    return cells if cells == NOTHING else (cells[0] + shift, cells[1] + shift)


def _checked(phases: int) -> int:
    if phases > MOST_PHASES:
        raise TooManyPhasesError(f"{phases:,} phases")
    return phases
