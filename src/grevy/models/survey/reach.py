"""Where on the picture the values of a tensor come from, and how it moves with its dimensions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from grevy.arithmetic.receptive_field import ReceptiveField, joined, repeated, spread


@dataclass(frozen=True)
class Axis:
    """How a tensor depends on the rows, or on the columns, of the picture.

    Attributes:
        field: what the value at each index of this axis sees.
        length: number of those indices.
        dims: the tensor's dimensions that the index runs along; none when every value sees the
            same; several after a dimension was cut into windows.
        inner: the index is (i // inner) % length, where i runs along the one dimension; 1 where
            it is i itself. None: each value still sees a field of this size, but where is not
            told.
        pure: the index is i itself.
        exact: False when `field` is only an upper bound.
        even: whether all channels see the same; False after branches were put side by side.
        phased: whether somewhere on the way neighbours differed in what they see.
    """

    field: ReceptiveField
    length: int
    dims: frozenset[int]
    inner: int | None = 1
    pure: bool = True
    exact: bool = True
    even: bool = True
    phased: bool = False

    @property
    def told_exactly(self) -> bool:
        """Whether every value sees just what size and stride of the field say."""
        return self.exact and not self.field.differs

    def behind(self, field: ReceptiveField, length: int) -> Axis:
        """The axis behind an operation that makes `length` indices, each with that field."""
        phased = self.phased or field.differs
        return replace(self, field=field, length=length, phased=phased)

    def unrolled(self, shape: Sequence[int]) -> Axis:
        """The axis as one whose index is i itself, if its cells only stand there repeatedly.

        Pixels that are shuffled by views do so: r of them see what one cell before them saw.
        """
        dim = next(iter(self.dims), None)
        if self.pure or self.inner is None or len(self.dims) != 1 or dim is None:
            return self
        if shape[dim] != self.inner * self.length:
            return self
        repeats = self.behind(repeated(self.field, self.inner), shape[dim])
        return replace(repeats, inner=1, pure=True)

    def cut(self) -> Axis:
        """The axis when only some channels go on: if channels differ, a bound for these."""
        return replace(self, exact=self.exact and self.even)

    def scattered(self) -> Axis:
        """The axis after its places were mixed or cut."""
        return replace(self, inner=None, pure=False)


@dataclass(frozen=True)
class Reach:
    """The two axes of a tensor that depends on the picture."""

    rows: Axis
    columns: Axis

    def each(self, change: Callable[[Axis], Axis]) -> Reach:
        """Both axes changed."""
        return Reach(change(self.rows), change(self.columns))


@dataclass(frozen=True)
class Unknown:
    """A tensor whose receptive field can't be told, and the operation that is the reason."""

    operation: str


Seen = Reach | Unknown | None
"""What is known of a tensor; None: it does not depend on the picture."""


def picture(height: int, width: int) -> Reach:
    """The picture itself, [B, C, H, W]."""
    return Reach(
        whole_if_single(Axis(ReceptiveField(), height, frozenset({2}))),
        whole_if_single(Axis(ReceptiveField(), width, frozenset({3}))),
    )


def whole(axis: Axis, exact: bool = True) -> Axis:
    """Every value depends on all indices of the axis."""
    if not axis.dims:
        return axis
    field = spread(axis.field, axis.length)
    return Axis(field, 1, frozenset(), exact=axis.exact and exact, phased=axis.phased)


def whole_if_single(axis: Axis) -> Axis:
    """An axis of one index has no index."""
    return whole(axis) if axis.length == 1 else axis


def remapped(axis: Axis, places: dict[int, int]) -> Axis:
    """The axis after dimension d became dimension `places[d]`."""
    return replace(axis, dims=frozenset(places[dim] for dim in axis.dims))


def contracted(axis: Axis, dims: frozenset[int], keep: dict[int, int]) -> Axis:
    """The axis after a sum over `dims`; `keep` says where the other dimensions went."""
    if not axis.dims:
        return axis
    if axis.dims & dims:
        return whole(axis, exact=axis.dims <= dims)
    return remapped(axis, keep)


def viewed(axis: Axis, old: Sequence[int], new: Sequence[int]) -> Axis:
    """The axis after a tensor of shape `old` was read as one of shape `new`."""
    touched = [block for block in _blocks(old, new) if axis.dims & set(block[0])]
    if len(touched) != 1 or len(axis.dims) != 1 or axis.inner is None:
        return replace(axis.scattered(), dims=_wide(touched, new)) if axis.dims else axis
    before, after = touched[0]
    dim = next(iter(axis.dims))
    inner = axis.inner * math.prod(old[other] for other in before if other > dim)
    for place in after:
        behind = math.prod(new[other] for other in after if other > place)
        if behind == inner and new[place] == axis.length:
            return replace(axis, dims=frozenset({place}), inner=1, pure=True)
        if behind <= inner and inner * axis.length <= behind * new[place]:
            own = inner // behind if inner % behind == 0 else None
            return replace(axis, dims=frozenset({place}), inner=own, pure=False)
    return replace(axis.scattered(), dims=_wide(touched, new))


def _wide(blocks: Sequence[tuple[list[int], list[int]]], new: Sequence[int]) -> frozenset[int]:
    return frozenset(dim for _, after in blocks for dim in after if new[dim] > 1)


def _blocks(old: Sequence[int], new: Sequence[int]) -> list[tuple[list[int], list[int]]]:
    """Neighbouring dimensions of both shapes that hold the same number of values."""
    blocks: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(old) and j < len(new):
        before, after, size_before, size_after = [i], [j], old[i], new[j]
        i, j = i + 1, j + 1
        while size_before != size_after:
            if size_before < size_after:
                before, size_before, i = [*before, i], size_before * old[i], i + 1
            else:
                after, size_after, j = [*after, j], size_after * new[j], j + 1
        blocks.append((before, after))
    rest = (list(range(i, len(old))), list(range(j, len(new))))
    return [*blocks, rest] if rest[0] or rest[1] else blocks


def merged(tensors: Sequence[tuple[Seen, int]], dimensions: int) -> Seen:
    """What a value sees that depends on the values of several tensors at the same place.

    Args:
        tensors: what is known of each, and how many dimensions it has.
        dimensions: of the result; shorter shapes are aligned at their end, as in broadcasting.
    """
    found: Seen = None
    for seen, ndim in tensors:
        if isinstance(seen, Unknown):
            return seen
        if seen is None:
            continue
        places = {dim: dim + dimensions - ndim for dim in range(ndim)}
        aligned = Reach(remapped(seen.rows, places), remapped(seen.columns, places))
        found = aligned if found is None else _both(found, aligned)
    return found


def _both(one: Reach | Unknown, other: Reach) -> Reach | Unknown:
    if isinstance(one, Unknown):
        return one
    return Reach(_join(one.rows, other.rows), _join(one.columns, other.columns))


def _join(one: Axis, other: Axis) -> Axis:
    if _alike(one, other):
        exact, even = one.exact and other.exact, one.even and other.even
        both = replace(one, exact=exact, even=even, phased=one.phased or other.phased)
        return both.behind(joined(one.field, other.field), one.length)
    together = not one.dims or not other.dims
    a, b = whole(one), whole(other)
    # Where one branch sees the same everywhere, the sum sees at least that, and this place's own
    # cells, which usually lie inside it. Where both have a place, all of both is only a bound.
    inside = together and _inside(one, other)
    return Axis(joined(a.field, b.field), 1, frozenset(), exact=a.exact and b.exact and inside)


def _alike(one: Axis, other: Axis) -> bool:
    """Whether one index addresses both."""
    places = [(axis.dims, axis.inner, axis.length, axis.field.stride) for axis in (one, other)]
    return places[0] == places[1]


def _inside(one: Axis, other: Axis) -> bool:
    """Whether the axis that has a place sees nothing that the axis without place does not."""
    wide, narrow = (one, other) if not one.dims else (other, one)
    inner = spread(narrow.field, narrow.length)
    return wide.field.low <= inner.low and inner.high <= wide.field.high
