"""Every whole-number solution of a question about sizes.

As one quantity grows and the others stay, the output never falls or never rises. So the solutions
of one unknown lie side by side and are found by bisection; of two unknowns one is tried value by
value.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import TypeVar

from grevy.arithmetic.output_size import (
    convolution_size,
    extent,
    pooling_size,
    transposed_count,
    transposed_size,
    window_count,
)
from grevy.arithmetic.size_question import LOWEST, Question
from grevy.errors import ConvolutionError, GeometryError

T = TypeVar("T")

Values = Mapping[str, int]
"""All quantities by name."""

TRIED_FIRST = ("stride", "kernel", "dilation", "padding", "input", "output_padding", "output")
"""Of two unknowns the one that comes first here is tried value by value."""

MOST = 10_000
"""No more solutions are listed."""


@dataclass(frozen=True)
class Found:
    """Solutions in the order of the unknown that was tried first.

    Attributes:
        solutions: all of them, or the first ones where they have no end.
        endless: whether they have no end.
    """

    solutions: tuple[Values, ...]
    endless: bool


@dataclass(frozen=True)
class Crossing:
    """Where the output, as a function of one unknown, passes through what is asked.

    Attributes:
        values: of the unknown, as far as a solution can lie.
        left: index of the first solution, or of the first value past where one would be.
        right: index of the first value past the last solution.
    """

    values: range
    left: int
    right: int


def search(question: Question, first: int) -> Found:
    """All solutions, or if they have no end the first so many.

    Raises:
        GeometryError: solutions that have an end, but are more than MOST.
    """
    if question.any_input and question.fixed.get("stride", 1) != 1:
        return Found((), endless=False)
    outer, inner = order(question)
    known = completed(question, question.fixed)
    if outer is None:
        span, endless = _span(question, known, inner)
        return _listed(_allowed(question, known, inner, span), endless, first)
    bound = _bound(known)
    # Solutions without end may have odd kernels only, or even ones: two values past the bound tell.
    endless = any(any(_solve(question, known, bound + step, outer, inner)) for step in (1, 2))
    values = range(LOWEST[outer], bound + (MOST if endless else 1))
    tried = takewhile(
        lambda value: not _past(question, {**known, outer: value}, outer, inner), values
    )
    solutions = (
        solution for value in tried for solution in _solve(question, known, value, outer, inner)
    )
    return _listed(solutions, endless, first)


def output_of(question: Question, values: Values) -> int:
    """The output size; raises ConvolutionError where PyTorch does."""
    if question.operation == "transposed":
        return transposed_size(*window_of(values), values["output_padding"])
    if question.operation == "pooling":
        return pooling_size(*window_of(values), question.ceil)
    return convolution_size(*window_of(values))


def count(question: Question, values: Values) -> int:
    """The output size, unchecked: below 1 where nothing fits."""
    if question.operation == "transposed":
        return transposed_count(*window_of(values), values["output_padding"])
    return window_count(*window_of(values), question.ceil)


def window_of(values: Mapping[str, T]) -> tuple[T, T, T, T, T]:
    """Input, kernel, stride, padding and dilation, in the order in which the formulas take them."""
    return (
        values["input"],
        values["kernel"],
        values["stride"],
        values["padding"],
        values["dilation"],
    )


def completed(question: Question, known: Values) -> Values:
    """All that is known, with a stride that follows the kernel where it does."""
    if question.stride_is_kernel and "kernel" in known:
        return {**known, "stride": known["kernel"]}
    return known


def order(question: Question) -> tuple[str | None, str]:
    """The unknown that is tried value by value, if there are two, and the one solved for."""
    *outer, inner = sorted(question.unknown, key=TRIED_FIRST.index)
    return (outer[0] if outer else None), inner


def crossing(question: Question, known: Values, unknown: str) -> Crossing:
    """Where the output passes through what is asked, by bisection."""

    def output(value: int) -> int:
        return count(question, completed(question, {**known, unknown: value}))

    values = range(LOWEST[unknown], _bound(known) + 2)
    sign = 1 if _rises(question, unknown) else -1
    target = sign * known["output"]
    left = bisect_left(values, target, key=lambda value: sign * output(value))
    if left == len(values) or output(values[left]) != known["output"]:
        return Crossing(values, left, left)
    right = bisect_right(values, target, left, key=lambda value: sign * output(value))
    return Crossing(values, left, right)


def fitting(
    question: Question, known: Values, unknown: str, span: Iterable[int]
) -> Iterator[Values]:
    """All quantities for each value of the unknown, with its output, where PyTorch takes it."""
    for value in span:
        values = completed(question, {**known, unknown: value})
        try:
            yield {**values, "output": output_of(question, values)}
        except ConvolutionError:
            continue


def _listed(solutions: Iterator[Values], endless: bool, first: int) -> Found:
    listed = tuple(islice(solutions, first if endless else MOST + 1))
    if len(listed) > MOST:
        raise GeometryError(
            f"a question with more than {MOST:,} solutions",
            f"at most {MOST:,}",
            "give one quantity more, or smaller sizes",
        )
    return Found(listed, endless and bool(listed))


def _past(question: Question, known: Values, outer: str, inner: str) -> bool:
    """Whether the output has left what is asked behind, so that no larger value can solve it."""
    if inner == "output":
        return False
    highest = _widest_padding(known) if (outer, inner) == ("stride", "padding") else _bound(known)
    sign = 1 if _rises(question, outer) else -1
    ends = [{**known, inner: end} for end in (LOWEST[inner], highest)]
    outputs = [count(question, completed(question, end)) for end in ends]
    return all(sign * (output - known["output"]) > 0 for output in outputs)


def sees_the_image(question: Question, values: Values) -> bool:
    """Whether the padding is narrow enough to be listed, where it is one of two unknowns."""
    narrow = len(question.unknown) == 2 and "padding" in question.unknown
    return not narrow or values["padding"] <= _widest_padding(values)


def _widest_padding(known: Values) -> int:
    """The largest padding that is listed where there are two unknowns.

    With a larger one the outermost windows see nothing of the image, and it would go with almost
    any kernel or stride.
    """
    return extent(known["kernel"], known["dilation"]) - 1


def _rises(question: Question, name: str) -> bool:
    """Whether the output rises with a quantity, if it changes with it at all."""
    if question.operation == "transposed":
        return name != "padding"
    return name in ("input", "padding")


def _solve(
    question: Question, known: Values, value: int, outer: str, inner: str
) -> Iterator[Values]:
    """Solutions with one value of the unknown that is tried value by value."""
    known = completed(question, {**known, outer: value})
    return _allowed(question, known, inner, _span(question, known, inner)[0])


def _span(question: Question, known: Values, unknown: str) -> tuple[range, bool]:
    """Values of the unknown that give the output, and whether they go on without end."""
    if unknown == "output":
        output = count(question, known)
        return range(output, output + 1), False
    at = crossing(question, known, unknown)
    first, past = at.values[0] + at.left, at.values[0] + at.right
    if unknown == "dilation" and known["kernel"] == 1:
        return range(first, min(past, first + 1)), False  # a kernel of 1 has nothing to dilate
    endless = at.left < at.right == len(at.values)
    return range(first, past + (MOST if endless else 0)), endless


def _allowed(question: Question, known: Values, unknown: str, span: range) -> Iterator[Values]:
    """Of the values that give the output those that PyTorch takes and that are worth a line."""
    for values in fitting(question, known, unknown, span):
        if sees_the_image(question, values):
            yield values


def _bound(known: Values) -> int:
    """No unknown is larger in a solution, unless the solutions have no end.

    The windows lie in the padded image, and one stride leads from each to the next; what is
    unknown counts as its smallest value.
    """
    value = {**LOWEST, **known}
    larger = max(value["input"], value["output"])
    across = max(larger + 2 * value["padding"], larger * value["stride"])
    window = 2 * value["dilation"] * value["kernel"]
    return across + window + value["stride"] + value["output_padding"]
