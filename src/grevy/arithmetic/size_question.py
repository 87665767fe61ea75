"""What is given, what is assumed and what is asked for, when sizes are solved.

Three rules turn what was given into a question:

1. What is not given of input, kernel and output is asked for, and so is whatever is given as "?".
2. If rule 1 asks for nothing, the padding and the stride that are not given are asked for; if both
   are given, the output padding (of a transposed convolution); if that is given too, the dilation.
3. The rest is assumed: stride 1 (in pooling the kernel), padding 0, dilation 1, output padding 0.

An output "same" is as large as the input. If no input is given with it, the question is what keeps
every input as large as it is: kernel and padding are asked for if they are not given, and the
stride is not, because only stride 1 can.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from grevy.arithmetic.output_size import check_output_padding, check_pooling_padding
from grevy.errors import GeometryError, NotANumberError

Operation = Literal["convolution", "transposed", "pooling"]

Value = int | str | Sequence[int | str] | None
"""A number, "?", "32x48" for rows and columns, a pair of these, or None: not given. The output may
be "same", as large as the input."""

QUANTITIES = ("input", "kernel", "stride", "padding", "dilation", "output_padding", "output")
LOWEST = {name: 0 if "padding" in name else 1 for name in QUANTITIES}
LARGEST = 100_000
EXAMPLE = 32
"""The input with which a question is worked whose answer holds for every input."""


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
        stride_is_kernel: whether the stride of a pooling follows the kernel; then it is not fixed.
    """

    operation: Operation
    ceil: bool
    fixed: Mapping[str, int]
    assumed: tuple[str, ...]
    unknown: tuple[str, ...]
    any_input: bool = False
    stride_is_kernel: bool = False


def read_questions(
    operation: Operation, ceil: bool, given: Mapping[str, Value]
) -> tuple[Question, ...]:
    """One question, or one for the rows and one for the columns.

    Raises:
        NotANumberError: text where a number must stand.
        GeometryError: an operation that does not exist, a number outside its range, more than two
            unknowns, or an option that the operation does not have.
    """
    _check_operation(operation, ceil, given.get("output_padding"))
    split = {name: _split(name, given.get(name)) for name in QUANTITIES}
    axes = max(map(len, split.values()))
    by_axis = [
        {name: part[axis % len(part)] for name, part in split.items()} for axis in range(axes)
    ]
    return tuple(_question(operation, ceil, values) for values in by_axis)


def quantities(operation: Operation) -> tuple[str, ...]:
    """Names of what an operation has."""
    return tuple(
        name for name in QUANTITIES if name != "output_padding" or operation == "transposed"
    )


def named(name: str) -> str:
    """A quantity's name as people read it."""
    return name.replace("_", " ")


def enumeration(words: Sequence[str]) -> str:
    """a, b and c."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _check_operation(operation: str, ceil: bool, output_padding: Value) -> None:
    if operation not in get_args(Operation):
        raise GeometryError(
            f"operation '{operation}'",
            f"one of {', '.join(get_args(Operation))}",
            "take one of these",
        )
    if ceil and operation != "pooling":
        raise GeometryError(
            "ceil mode without pooling", "ceil mode of a pooling", "ask for pooling"
        )
    if output_padding not in (None, "") and operation != "transposed":
        raise GeometryError(
            f"output padding of a {operation}",
            "output padding of a transposed convolution",
            "ask for a transposed convolution, or leave it out",
        )


def _split(name: str, value: Value) -> tuple[int | str | None, ...]:
    """The value, or that for rows and that for columns."""
    if value is None or value == "":
        return (None,)
    if isinstance(value, str):
        parts: Sequence[int | str] = re.split("[x×X]", value)
        if any(not str(part).strip() for part in parts):
            parts = (value,)
    else:
        parts = value if isinstance(value, Sequence) else (value,)
    if len(parts) not in (1, 2):
        raise GeometryError(
            f"{named(name)} {value}", "one number, or two for rows and columns", "write it as 32x48"
        )
    return tuple(_part(name, part) for part in parts)


def _part(name: str, part: int | str) -> int | str:
    """A number in its range, "?" or "same"."""
    word = str(part).strip()
    if word == "?":
        return word
    if name == "output" and word in ("same", "input"):
        return "same"
    if isinstance(part, bool) or not re.fullmatch(r"[+-]?[0-9]{1,4000}", word):
        words = ', "same" or "?"' if name == "output" else ' or "?"'
        raise NotANumberError(
            f"{named(name)} '{part}'",
            f"a whole number{words}",
            "for an output as large as the input give the output as same"
            if word == "same"
            else "write digits; rows and columns as 32x48",
        )
    if not LOWEST[name] <= int(word) <= LARGEST:
        raise GeometryError(
            f"{named(name)} {word}",
            f"{LOWEST[name]} to {LARGEST:,}",
            f"give the {named(name)} as {LOWEST[name]} or more, and no larger than that",
        )
    return int(word)


def _question(operation: Operation, ceil: bool, values: Mapping[str, int | str | None]) -> Question:
    any_input = values["output"] == "same" and not isinstance(values["input"], int)
    given = {name: value for name, value in values.items() if isinstance(value, int)}
    if any_input:
        given |= {"input": EXAMPLE, "output": EXAMPLE}
    elif values["output"] == "same":
        given["output"] = given["input"]
    unknown = _asked(operation, values, given, any_input)
    if len(unknown) > 2:
        raise GeometryError(
            f"{len(unknown)} unknowns: {enumeration([named(name) for name in unknown])}",
            "one or two",
            f"give the {named(unknown[0])}, or another of them",
        )
    tied = operation == "pooling" and not any_input and "stride" not in {*given, *unknown}
    settled = {*given, *unknown, *(["stride"] if tied else [])}
    assumed = [name for name in quantities(operation) if name not in settled]
    fixed = {**given, **{name: LOWEST[name] for name in assumed}}
    _check_together(operation, fixed)
    return Question(operation, ceil, fixed, tuple(assumed), unknown, any_input, tied)


def _check_together(operation: Operation, fixed: Mapping[str, int]) -> None:
    """Refuse what can't be, whatever the unknowns are."""
    if operation == "pooling" and {"padding", "kernel"} <= set(fixed):
        check_pooling_padding(fixed["padding"], fixed["kernel"])
    if operation == "transposed" and {"output_padding", "stride", "dilation"} <= set(fixed):
        check_output_padding(fixed["output_padding"], fixed["stride"], fixed["dilation"])


def _asked(
    operation: Operation,
    values: Mapping[str, int | str | None],
    given: Mapping[str, int],
    any_input: bool,
) -> tuple[str, ...]:
    """Rules 1 and 2, in the order of QUANTITIES."""
    settled = {*given, *(["stride"] if any_input else [])}
    asked = {name for name, value in values.items() if value == "?" and name not in settled}
    asked |= {name for name in ("input", "kernel", "output") if name not in given}
    if any_input and "kernel" in asked and "padding" not in given:
        asked.add("padding")
    turns = [["padding"] if any_input else ["stride", "padding"], ["dilation"]]
    if operation == "transposed":
        turns.insert(1, ["output_padding"])
    while not asked and turns:
        asked = {name for name in turns.pop(0) if name not in given}
    return tuple(name for name in QUANTITIES if name in asked)
