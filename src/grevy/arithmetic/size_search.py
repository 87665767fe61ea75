"""Every whole-number solution of a question about sizes.

As one quantity grows and the others stay, the output never falls or never rises. So the solutions
of one unknown lie side by side and are found by bisection; of two unknowns one is tried value by
value.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import chain, islice, takewhile

from grevy.arithmetic.output_size import extent
from grevy.arithmetic.size_question import LOWEST, Question, Values
from grevy.errors import ConvolutionError, GeometryError

TRIED_FIRST = ("stride", "kernel", "dilation", "padding", "input", "output_padding", "output")
"""Of two unknowns the one that comes first here is tried value by value."""

MOST = 10_000
"""No more solutions are listed."""


def search(question: Question, first: int) -> tuple[tuple[Values, ...], bool]:
    """All solutions, or if they have no end the first so many; and whether they have no end.

    Raises:
        ConvolutionError: sizes that can't be, whatever the output.
        GeometryError: solutions that have an end, but are more than MOST.
    """
    found, endless = solutions(question)
    listed = tuple(islice(found, first if endless else MOST + 1))
    if len(listed) > MOST:
        received = f"a question with more than {MOST:,} solutions"
        mend = "give one quantity more, or smaller sizes"
        raise GeometryError(received, f"at most {MOST:,}", mend)
    if not listed and order(question)[-1] == "output":
        question.output({**LOWEST, **question.fixed})  # raises
    return listed, endless and bool(listed)


def solutions(question: Question) -> tuple[Iterator[Values], bool]:
    """Solutions in rising order of the unknown that is tried first; whether they have no end."""
    if question.any_input and question.unknown and question.fixed["stride"] != 1:
        return iter(()), False
    outer = order(question)[0]
    if len(question.unknown) < 2:
        values, endless = _span(question, outer)
        return taken(question, outer, values), endless

    def with_outer(value: int) -> Iterator[Values]:
        return solutions(question.put({outer: value}))[0]

    bound = _bound(question)
    # Solutions without end may have odd kernels only, or even ones: two values past the bound tell.
    endless = any(any(with_outer(bound + step)) for step in (1, 2))
    tried = range(LOWEST[outer], bound + (MOST if endless else 1))
    near = takewhile(lambda value: not _past(question, outer, value), tried)
    return chain.from_iterable(map(with_outer, near)), endless


def order(question: Question) -> list[str]:
    """The unknown that is tried value by value, if there are two, and the one solved for."""
    return sorted(question.unknown or ["output"], key=TRIED_FIRST.index)


def around(question: Question, unknown: str) -> tuple[range, range, range]:
    """Values of one unknown before, at and behind those that give the output."""
    values = range(LOWEST[unknown], _bound(question) + 2)
    sign = 1 if _rises(question, unknown) else -1
    target = sign * question.fixed["output"]

    def output(value: int) -> int:
        return sign * question.count({unknown: value})

    left = bisect_left(values, target, key=output)
    found = left < len(values) and output(values[left]) == target
    right = bisect_right(values, target, left, key=output) if found else left
    return values[:left], values[left:right], values[right:]


def taken(question: Question, unknown: str, values: Iterable[int]) -> Iterator[Values]:
    """All quantities for each value of the unknown that PyTorch takes and that is worth a line."""
    for value in values:
        found = question.values({unknown: value})
        try:
            found["output"] = question.output(found)
        except ConvolutionError:
            continue
        if not question.narrow_padding or found["padding"] <= _widest_padding(found):
            yield found


def _span(question: Question, unknown: str) -> tuple[Iterable[int], bool]:
    """Values of the unknown that give the output, and whether they go on without end."""
    if unknown == "output":
        return [question.count({})], False
    _, at, behind = around(question, unknown)
    if unknown == "dilation" and question.fixed["kernel"] == 1:
        return at[:1], False  # a kernel of 1 has nothing to dilate
    endless = bool(at) and not behind
    return range(at.start, at.stop + (MOST if endless else 0)), endless


def _past(question: Question, outer: str, value: int) -> bool:
    """Whether the output has left what is asked behind, so that no larger value can solve it."""
    held = question.put({outer: value})
    inner = held.unknown[0]
    if inner == "output":
        return False
    pair = (outer, inner)
    highest = _widest_padding(held.fixed) if pair == ("stride", "padding") else _bound(held)
    sign = 1 if _rises(question, outer) else -1
    outputs = [held.count({inner: end}) for end in (LOWEST[inner], highest)]
    return all(sign * (output - held.fixed["output"]) > 0 for output in outputs)


def _rises(question: Question, name: str) -> bool:
    """Whether the output rises with a quantity, if it changes with it at all."""
    return name != "padding" if question.operation == "transposed" else name in ("input", "padding")


def _widest_padding(values: Values) -> int:
    """With a larger one the outermost windows see nothing of the image."""
    return extent(values["kernel"], values["dilation"]) - 1


def _bound(question: Question) -> int:
    """No unknown is larger in a solution, unless the solutions have no end.

    The windows lie in the padded image, and one stride leads from each to the next; what is
    unknown counts as its smallest value.
    """
    value = {**LOWEST, **question.fixed}
    larger = max(value["input"], value["output"])
    across = max(larger + 2 * value["padding"], larger * value["stride"])
    window = 2 * value["dilation"] * value["kernel"]
    return across + window + value["stride"] + value["output_padding"]
