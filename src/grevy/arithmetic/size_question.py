"""What is given, what is assumed and what is asked for, when sizes are solved.

The rules stand in the docstring of `grevy.size`. If every input must stay as large as it is, the
stride is never asked for, because only stride 1 can do that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Literal, NamedTuple, get_args

from grevy.arithmetic.output_size import (
    check_output_padding,
    check_pooling_padding,
    convolution_formula,
    convolution_size,
    pooling_formula,
    pooling_size,
    transposed_count,
    transposed_formula,
    transposed_size,
    window_count,
)
from grevy.arithmetic.words import enumeration
from grevy.documents.blocks import Formula
from grevy.errors import GeometryError, NotANumberError

Operation = Literal["convolution", "transposed", "pooling"]

Value = int | str | Sequence[int | str] | None
"""A number, "?", "32x48" for rows and columns, a pair of these, or None: not given. The output may
be "same", as large as the input."""

Values = Mapping[str, int]
"""Quantities by name."""

QUANTITIES = ("input", "kernel", "stride", "padding", "dilation", "output_padding", "output")
WINDOW = QUANTITIES[:5]
_window = itemgetter(*WINDOW)
LOWEST = {name: 0 if "padding" in name else 1 for name in QUANTITIES}
LARGEST = 100_000
EXAMPLE = 32
"""The input with which a question is worked whose answer holds for every input."""


class _Functions(NamedTuple):
    unchecked: Callable[..., int]
    checked: Callable[..., int]
    formula: Callable[..., Formula]


_FUNCTIONS = {
    "convolution": _Functions(window_count, convolution_size, convolution_formula),
    "transposed": _Functions(transposed_count, transposed_size, transposed_formula),
    "pooling": _Functions(window_count, pooling_size, pooling_formula),
}


@dataclass(frozen=True)
class Question:
    """What is asked of one axis.

    Attributes:
        operation: whose sizes.
        ceil: whether a pooling rounds up.
        fixed: what is given or assumed, and EXAMPLE as input and output if `any_input`.
        assumed: names of what was not given.
        unknown: names of what is asked for, at most two.
        any_input: whether the answer must hold for every input, with an output as large.
        stride_is_kernel: whether the stride of a pooling follows the kernel.
        narrow_padding: whether only paddings smaller than the window count, as they do where the
            padding is one of two unknowns: a wider one goes with almost any kernel or stride.
    """

    operation: Operation
    ceil: bool
    fixed: Values
    assumed: tuple[str, ...]
    unknown: tuple[str, ...]
    any_input: bool
    stride_is_kernel: bool
    narrow_padding: bool

    def values(self, more: Values) -> dict[str, int]:
        """What is fixed and more, with a stride that follows the kernel where it does."""
        values = {**self.fixed, **more}
        if self.stride_is_kernel and "kernel" in values:
            values["stride"] = values["kernel"]
        return values

    def put(self, more: Values) -> Question:
        """The question with these values fixed."""
        unknown = tuple(name for name in self.unknown if name not in more)
        return replace(self, fixed=self.values(more), unknown=unknown)

    def count(self, more: Values) -> int:
        """The output size with these values, unchecked: below 1 where nothing fits."""
        return _FUNCTIONS[self.operation].unchecked(*self._arguments(more))

    def output(self, more: Values) -> int:
        """The output size with these values; raises ConvolutionError where PyTorch does."""
        return _FUNCTIONS[self.operation].checked(*self._arguments(more))

    def formula(self, more: Values) -> Formula:
        """The formula of the output size, with the numbers put in."""
        return _FUNCTIONS[self.operation].formula(*self._arguments(more))

    def _arguments(self, more: Values) -> tuple[int, ...]:
        values = self.values(more)
        window: tuple[int, ...] = _window(values)
        if self.operation == "transposed":
            return (*window, values["output_padding"])
        return (*window, self.ceil) if self.operation == "pooling" else window


def read_questions(
    operation: Operation, ceil: bool, given: Mapping[str, Value]
) -> tuple[Question, ...]:
    """One question, or one for the rows and one for the columns.

    Raises:
        NotANumberError: text where a number must stand.
        GeometryError: an operation that does not exist, a number outside its range, more than two
            unknowns, or an option that the operation does not have.
    """
    known, padded = get_args(Operation), given.get("output_padding") not in (None, "")
    if operation not in known:
        one_of = f"one of {', '.join(known)}"
        raise GeometryError(f"operation '{operation}'", one_of, "take one of these")
    if ceil and operation != "pooling":
        of_pooling = "ceil mode of a pooling"
        raise GeometryError("ceil mode without pooling", of_pooling, "ask for pooling")
    if padded and operation != "transposed":
        raise GeometryError(
            f"output padding of a {operation}",
            "output padding of a transposed convolution",
            "ask for a transposed convolution, or leave it out",
        )
    read = {name: _read(name, given.get(name)) for name in QUANTITIES}
    return tuple(
        _question(operation, ceil, {name: sides[axis % len(sides)] for name, sides in read.items()})
        for axis in range(max(map(len, read.values())))
    )


def named(name: str) -> str:
    """A quantity's name as people read it."""
    return name.replace("_", " ")


def _read(name: str, value: Value) -> tuple[int | str | None, ...]:
    """The value, or that for rows and that for columns."""
    if value is None or value == "":
        return (None,)
    sides = value if isinstance(value, Sequence) else (value,)
    if isinstance(value, str):
        parted = re.split("[x×X]", value)
        sides = parted if all(text.strip() for text in parted) else (value,)
    if len(sides) not in (1, 2):
        expected = "one number, or two for rows and columns"
        raise GeometryError(f"{named(name)} {value}", expected, "write it as 32x48")
    return tuple(_number(name, side) for side in sides)


def _number(name: str, given: int | str) -> int | str:
    """A number in its range, "?" or "same"."""
    word, least = str(given).strip(), LOWEST[name]
    if word == "?":
        return word
    if name == "output" and word in ("same", "input"):
        return "same"
    if isinstance(given, bool) or not re.fullmatch(r"[+-]?[0-9]{1,4000}", word):
        as_input = "for an output as large as the input give the output as same"
        raise NotANumberError(
            f"{named(name)} '{given}'",
            "a whole number" + (', "same" or "?"' if name == "output" else ' or "?"'),
            as_input if word == "same" else "write digits; rows and columns as 32x48",
        )
    if not least <= int(word) <= LARGEST:
        mend = f"give the {named(name)} as {least} or more, and no larger than that"
        raise GeometryError(f"{named(name)} {word}", f"{least} to {LARGEST:,}", mend)
    return int(word)


def _question(operation: Operation, ceil: bool, values: Mapping[str, int | str | None]) -> Question:
    fixed = {name: value for name, value in values.items() if isinstance(value, int)}
    any_input = values["output"] == "same" and "input" not in fixed
    if values["output"] == "same":
        fixed["output"] = fixed.setdefault("input", EXAMPLE)
    unknown = _asked(operation, values, fixed, any_input)
    if len(unknown) > 2:
        raise GeometryError(
            f"{len(unknown)} unknowns: {enumeration([named(name) for name in unknown])}",
            "one or two",
            f"give the {named(unknown[0])}, or another of them",
        )
    tied = operation == "pooling" and not any_input and "stride" not in {*fixed, *unknown}
    settled = {*fixed, *unknown} | ({"stride"} if tied else set())
    settled |= set() if operation == "transposed" else {"output_padding"}
    assumed = tuple(name for name in QUANTITIES if name not in settled)
    fixed |= {name: LOWEST[name] for name in assumed}
    if operation == "pooling" and {"padding", "kernel"} <= set(fixed):
        check_pooling_padding(fixed["padding"], fixed["kernel"])
    if operation == "transposed" and {"output_padding", "stride", "dilation"} <= set(fixed):
        check_output_padding(fixed["output_padding"], fixed["stride"], fixed["dilation"])
    narrow = len(unknown) == 2 and "padding" in unknown
    question = Question(operation, ceil, fixed, assumed, unknown, any_input, tied, narrow)
    return question.put({})


def _asked(
    operation: Operation, values: Mapping[str, int | str | None], fixed: Values, any_input: bool
) -> tuple[str, ...]:
    """What is given as "?" or must be asked for; if that is nothing, the next that is not given."""
    never = {*fixed, "stride"} if any_input else {*fixed}
    asked = {name for name, value in values.items() if value == "?"} | {"input", "kernel", "output"}
    asked |= {"padding"} if any_input and "kernel" not in fixed else set()
    turns = [{"stride", "padding"}, {"output_padding"}, {"dilation"}]
    if operation != "transposed":
        turns.remove({"output_padding"})
    while not asked - never and turns:
        asked = turns.pop(0)
    return tuple(name for name in QUANTITIES if name in asked - never)
