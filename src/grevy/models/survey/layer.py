"""One row of the table of layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from torch import nn

from grevy.arithmetic.counts import Count
from grevy.arithmetic.receptive_field import NOTHING
from grevy.models.survey.reach import Axis, Reach, Unknown
from grevy.models.survey.sums import field_worked, macs_of, parameters_of, size_formulas
from grevy.models.survey.trace import ModuleCall

BYTES = 4
"""A float32."""

NOT_TOLD = "receptive field not told"
"""Begins the note of a layer behind an operation without a rule."""

BY_POSITION = "what a value sees differs by its position, and the most is told"

Pair = tuple[int, int]


@dataclass(frozen=True)
class Layer:
    """One call of one layer, for one picture.

    Attributes:
        name: dotted name, with #2 behind it for the second call; "(network)" for the whole.
        kind: class of the module.
        input_shape: without the batch; None where it got no tensor.
        output_shape: likewise.
        parameters: its own, and the sum that gives them; 0 where they were counted before.
        macs: multiply-accumulates.
        activation_bytes: float32 memory of the output; 0 where it lies in its input's memory.
        receptive_field: rows and columns of the picture that one output value can depend on,
            cells of the padding included, the most where values differ by their position (behind
            transposed convolutions, enlargements, adaptive pooling); None where it can't be told.
        exact: False where the receptive field is only an upper bound, or differs by position.
        stride: picture rows and columns from one output cell to the next, on average; None where
            the output has no place on the picture.
        offset: first row and column that output cell (0, 0) sees; negative in the padding; None
            where it sees nothing.
        sees_all: whether one value depends on the whole picture.
        sizes: worked output rows and columns, as text.
        field_worked: how the receptive field widened, as text; may be empty.
        note: what else must be said.
    """

    name: str
    kind: str
    input_shape: tuple[int, ...] | None
    output_shape: tuple[int, ...] | None
    parameters: Count
    macs: Count
    activation_bytes: int
    receptive_field: Pair | None
    exact: bool
    stride: tuple[Fraction, Fraction] | None
    offset: tuple[Fraction, Fraction] | None
    sees_all: bool
    sizes: tuple[str, ...] = ()
    field_worked: str = ""
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON takes it."""
        return {
            "name": self.name,
            "kind": self.kind,
            "input_shape": self.input_shape,
            "output_shape": self.output_shape,
            "parameters": self.parameters.value,
            "parameters_worked": self.parameters.worked,
            "macs": self.macs.value,
            "macs_worked": self.macs.worked,
            "flops": 2 * self.macs.value,
            "activation_bytes": self.activation_bytes,
            "receptive_field": self.receptive_field,
            "receptive_field_exact": self.exact,
            "receptive_field_worked": self.field_worked,
            "sees_whole_picture": self.sees_all,
            "stride": self.stride and [plain(value) for value in self.stride],
            "offset": self.offset and [plain(value) for value in self.offset],
            "output_size_worked": list(self.sizes),
            "note": self.note,
        }


def layer_of(
    call: ModuleCall, picture: Pair, counted: Sequence[nn.Parameter], first: bool
) -> Layer:
    """The row of one call.

    Args:
        call: that ended.
        picture: height and width.
        counted: parameters of earlier rows.
        first: whether this module was not called before.
    """
    own = parameters_of(call.module, counted)
    shared = own.value == 0 and any(True for _ in call.module.parameters(recurse=False))
    axes = _axes(call)
    placed = bool(axes) and all(axis.dims and axis.inner is not None for axis in axes)
    sees = all(axis.field.cells(0) != NOTHING for axis in axes)
    return Layer(
        name=call_name(call),
        kind=type(call.module).__name__,
        input_shape=call.input_shape and call.input_shape[1:],
        output_shape=call.shape and call.shape[1:],
        parameters=own,
        macs=macs_of(call.operations),
        activation_bytes=0 if call.in_place or not call.shape else _bytes(call.shape),
        receptive_field=_pair([axis.field.size for axis in axes]),
        exact=all(axis.told_exactly for axis in axes),
        stride=_pair([axis.field.stride for axis in axes]) if placed else None,
        offset=_pair([Fraction(axis.field.low) for axis in axes]) if placed and sees else None,
        sees_all=bool(axes) and all(map(_covers, axes, picture)),
        sizes=tuple(formula.text for formula in size_formulas(call.operations)),
        field_worked=field_worked(call.operations, call.seen),
        note=_note(call, shared, first, by_position=any(axis.field.differs for axis in axes)),
    )


def uncalled(name: str, module: nn.Module, counted: Sequence[nn.Parameter]) -> Layer:
    """The row of a module that the forward pass did not call, but that holds parameters."""
    return Layer(
        name=name or "(network)",
        kind=type(module).__name__,
        input_shape=None,
        output_shape=None,
        parameters=parameters_of(module, counted),
        macs=Count(0, "0"),
        activation_bytes=0,
        receptive_field=None,
        exact=True,
        stride=None,
        offset=None,
        sees_all=False,
        note="not called by itself in evaluation",
    )


def call_name(call: ModuleCall) -> str:
    """Dotted name, with #2 for the second call."""
    return (call.name or "(network)") + (f"#{call.index + 1}" if call.index else "")


def plain(value: Fraction) -> int | float:
    """A whole number as such."""
    return int(value) if value.denominator == 1 else float(value)


def _axes(call: ModuleCall) -> tuple[Axis, ...]:
    """Rows and columns of the output; none where they can't be told. Tokens stand for both."""
    if not isinstance(call.seen, Reach):
        return ()
    rows, columns = call.seen.rows, call.seen.columns
    if call.shape is None or rows.dims & columns.dims:
        return rows, columns
    return rows.unrolled(call.shape), columns.unrolled(call.shape)


def _note(call: ModuleCall, shared: bool, first: bool, by_position: bool) -> str:
    notes = []
    if shared:
        notes.append("parameters counted above" if first else "called again: the same parameters")
    if isinstance(call.seen, Unknown):
        notes.append(f"{NOT_TOLD}: no rule for {call.seen.operation} as it is used there")
    if by_position:
        notes.append(BY_POSITION)
    return "; ".join(notes)


def _covers(axis: Axis, size: int) -> bool:
    """Whether every value of the axis sees all `size` cells."""
    seen = map(axis.field.cells, range(axis.length if axis.dims else 1))
    return all(first <= 0 and last >= size - 1 for first, last in seen)


def _bytes(shape: tuple[int, ...]) -> int:
    size = BYTES
    for length in shape[1:]:
        size *= length
    return size


def _pair(values: Sequence[Any]) -> Any:
    return (values[0], values[1]) if len(values) == 2 else None
