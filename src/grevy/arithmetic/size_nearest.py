"""Why a question about sizes has no solution, and the nearest questions that have one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from grevy.arithmetic.output_size import window_count
from grevy.arithmetic.size_question import EXAMPLE, LOWEST, WINDOW, Question, Values, named
from grevy.arithmetic.size_search import around, order, solutions, taken
from grevy.arithmetic.words import capitalised, enumeration
from grevy.errors import ConvolutionError

FARTHEST = 500
"""No larger change of a quantity is tried."""

HELD = 4
"""So many values of the first of two unknowns are tried."""

MOST = 6
"""Changes that are named."""


@dataclass(frozen=True)
class Near:
    """A solution of the question with one given quantity changed.

    Attributes:
        quantity: name of what was changed.
        before: as it was given or assumed.
        after: as it would have to be.
        values: the solution.
    """

    quantity: str
    before: int
    after: int
    values: Values


def nearest(question: Question) -> list[Near]:
    """The smallest changes of one given quantity each that lead to a solution, the smallest first.

    Of two unknowns the first is held at values around the place where a solution would be.
    """
    if len(question.unknown) < 2:
        return sorted(_changes(question), key=_distance)[:MOST]
    outer, inner = order(question)
    before, at, behind = around(question.put({inner: LOWEST[inner]}), outer)
    middle = next(iter((*at[:1], *behind[:1], *before[-1:])))
    first = max(LOWEST[outer], middle - HELD // 2)
    held = (question.put({outer: value}) for value in range(first, first + HELD))
    found = [near for one in held for near in nearest(one) if near.quantity != outer]
    best: dict[tuple[str, bool], Near] = {}
    for near in sorted(found, key=_distance):
        best.setdefault((near.quantity, near.after > near.before), near)
    return list(best.values())[:MOST]


def why(question: Question) -> str:
    """One sentence on why there is no solution."""
    stride = question.fixed.get("stride")
    if question.any_input and stride != 1:
        return (
            f"Stride {stride} changes the size of almost every input; only stride 1 can keep all"
            " of them. Give an input to see what keeps that one."
        )
    if len(question.unknown) == 2:
        pair = enumeration([named(name) for name in question.unknown])
        reason = f"No {pair} together give an output of {question.fixed['output']:,}."
        stride_1 = question.put({"stride": 1})
        uneven = _uneven(stride_1) if question.unknown == ("stride", "padding") else ""
        return f"{reason} With stride 1, {_small(uneven)}" if uneven else reason
    reason = f"{_why_none(question)} {_uneven(question)}".strip()
    if question.any_input:
        return f"With an input of {EXAMPLE}, for example, {_small(reason)}"
    return reason


def _distance(near: Near) -> int:
    return abs(near.after - near.before)


def _changes(question: Question) -> Iterator[Near]:
    """The smallest of each quantity, of one unknown."""
    if not question.any_input:
        yield from _other_outputs(question)
    never = {"output"} | ({"input"} if question.any_input else set())
    never |= {"stride"} if question.stride_is_kernel else set()
    for name in question.fixed:
        if name not in never:
            yield from _smallest_change(question, name)


def _other_outputs(question: Question) -> Iterator[Near]:
    """The outputs next below and above that can be had."""
    asked, unknown = question.fixed["output"], question.unknown[0]
    before, _, behind = around(question, unknown)
    for side in (before[::-1], behind):
        for values in islice(taken(question, unknown, side[:FARTHEST]), 1):
            yield Near("output", asked, values["output"], values)


def _smallest_change(question: Question, name: str) -> list[Near]:
    """The nearest values of one quantity, below, above or both, that have a solution."""
    before = question.fixed[name]
    for change in range(1, FARTHEST + 1):
        tried = [value for value in (before - change, before + change) if value >= LOWEST[name]]
        found = [(value, next(solutions(question.put({name: value}))[0], None)) for value in tried]
        if any(values for _, values in found):
            return [Near(name, before, value, values) for value, values in found if values]
    return []


def _why_none(question: Question) -> str:
    """Of one unknown: the values around the place where the solution would be."""
    unknown, target = question.unknown[0], question.fixed["output"]
    before, at, behind = around(question, unknown)
    if at:
        return _refusal(question, {unknown: at[0]})
    values = [*before[-1:], *behind[:1]]
    outputs = [question.count({unknown: value}) for value in values]
    gives = [f"gives {output:,}" if output > 0 else "leaves nothing" for output in outputs]
    each = [f"{named(unknown)} {value:,} {says}" for value, says in zip(values, gives, strict=True)]
    if len(each) == 2:
        return f"{capitalised(each[0])} and {each[1]}; {target:,} lies between."
    if before:
        return f"Every {named(unknown)} {gives[0]}, none {target:,}."
    less = "less" if outputs[0] < target else "more"
    return f"Even {each[0]}, {less} than {target:,}, and every other is farther from it."


def _refusal(question: Question, values: Values) -> str:
    try:
        question.output(values)
    except ConvolutionError as error:
        ((unknown, value),) = values.items()
        would = f"{capitalised(named(unknown))} {value:,} would do, but that is {error.received}"
        return f"{would}; {error.expected} is possible."
    raise AssertionError("a question without a solution has one")


def _uneven(question: Question) -> str:
    """Where an odd number of padding rows is wanted, how they go on the two sides."""
    if question.operation != "convolution" or question.unknown != ("padding",):
        return ""
    before, _, _ = around(question, "padding")
    below = before[-1] if before else 0
    size, kernel, stride, dilation = (question.fixed[name] for name in WINDOW if name != "padding")
    if window_count(size, kernel, stride, (below, below + 1), dilation) != question.fixed["output"]:
        return ""
    return f"Padding {below} on one side and {below + 1} on the other would do."


def _small(text: str) -> str:
    return text[0].lower() + text[1:]
