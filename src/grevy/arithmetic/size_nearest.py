"""Why a question about sizes has no solution, and the nearest questions that have one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from grevy.arithmetic.output_size import window_count
from grevy.arithmetic.size_question import EXAMPLE, LOWEST, Question, enumeration, named
from grevy.arithmetic.size_search import (
    Values,
    completed,
    count,
    crossing,
    fitting,
    order,
    output_of,
    search,
    sees_the_image,
    window_of,
)
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


def nearest(question: Question) -> tuple[Near, ...]:
    """The smallest changes of one given quantity each that lead to a solution, the smallest first.

    Of two unknowns the first is held at values around the place where a solution would be.
    """
    outer, inner = order(question)
    if outer is None:
        return _nearest(question, question)
    held = (
        replace(question, fixed={**question.fixed, outer: value}, unknown=(inner,))
        for value in _around(question, outer, inner)
    )
    found = [near for one in held for near in _nearest(one, question) if near.quantity != outer]
    best: dict[tuple[str, bool], Near] = {}
    for near in sorted(found, key=_distance):
        best.setdefault((near.quantity, near.after > near.before), near)
    return tuple(best.values())[:MOST]


def _around(question: Question, outer: str, inner: str) -> range:
    """HELD values of one unknown, about the one that would do if the other were at its least."""
    known = completed(question, {**question.fixed, inner: LOWEST[inner]})
    at = crossing(question, known, outer)
    middle = at.values[min(at.left, len(at.values) - 1)]
    first = max(LOWEST[outer], middle - HELD // 2)
    return range(first, first + HELD)


def _distance(near: Near) -> int:
    return abs(near.after - near.before)


def why(question: Question) -> str:
    """One sentence on why there is no solution."""
    if question.any_input and question.fixed["stride"] != 1:
        return (
            f"Stride {question.fixed['stride']} changes the size of almost every input; only"
            " stride 1 can keep all of them. Give an input to see what keeps that one."
        )
    if len(question.unknown) == 2:
        pair = enumeration([named(name) for name in question.unknown])
        sentence = f"No {pair} together give an output of {question.fixed['output']:,}."
        if question.unknown != ("stride", "padding"):
            return sentence
        at_stride_1 = replace(question, fixed={**question.fixed, "stride": 1}, unknown=("padding",))
        uneven = _uneven(at_stride_1)
        return f"{sentence} With stride 1, {uneven[0].lower()}{uneven[1:]}" if uneven else sentence
    reason = f"{_why_none(question)} {_uneven(question)}".strip()
    if question.any_input:
        return f"With an input of {EXAMPLE}, for example, {reason[0].lower()}{reason[1:]}"
    return reason


def _nearest(question: Question, asked: Question) -> tuple[Near, ...]:
    """Of one unknown.

    Args:
        question: with one unknown.
        asked: the same, or that with two unknowns of which one is held in `question`.
    """
    found = [] if question.any_input else list(_other_outputs(question, asked))
    unchangeable = {"output", *(["input"] if question.any_input else [])}
    for name in question.fixed:
        if name not in unchangeable:
            found += _smallest_change(question, name, asked)
    return tuple(sorted(found, key=_distance)[:MOST])


def _why_none(question: Question) -> str:
    """Of one unknown: the values around the place where the solution would be."""
    unknown, target = question.unknown[0], question.fixed["output"]
    known = completed(question, question.fixed)
    at = crossing(question, known, unknown)
    tries = [
        completed(question, {**known, unknown: value})
        for value in at.values[max(at.left - 1, 0) : at.left + 1]
    ]
    outputs = [count(question, values) for values in tries]
    gives = [
        f"{named(unknown)} {values[unknown]:,} {_gives(output)}"
        for values, output in zip(tries, outputs, strict=True)
    ]
    if target in outputs:
        return _refusal(question, tries[outputs.index(target)])
    if len(gives) == 2:
        return f"{_capital(gives[0])} and {gives[1]}; {target:,} lies between."
    if at.left == len(at.values):
        return f"Every {named(unknown)} {_gives(outputs[0])}, none {target:,}."
    less = "less" if outputs[0] < target else "more"
    return f"Even {gives[0]}, {less} than {target:,}, and every other is farther from it."


def _uneven(question: Question) -> str:
    """Where an odd number of padding rows is wanted, how they go on the two sides."""
    if question.operation != "convolution" or question.unknown != ("padding",):
        return ""
    at = crossing(question, question.fixed, "padding")
    below = max(at.left - 1, 0)
    uneven = {**question.fixed, "padding": below}
    size, kernel, stride, padding, dilation = window_of(uneven)
    if window_count(size, kernel, stride, (padding, padding + 1), dilation) != uneven["output"]:
        return ""
    return f"Padding {below} on one side and {below + 1} on the other would do."


def _refusal(question: Question, values: Values) -> str:
    try:
        output_of(question, values)
    except ConvolutionError as error:
        unknown = question.unknown[0]
        return (
            f"{_capital(named(unknown))} {values[unknown]:,} would do, but that is"
            f" {error.received}; {error.expected} is possible."
        )
    raise AssertionError("a question without a solution has one")


def _gives(output: int) -> str:
    return f"gives {output:,}" if output > 0 else "leaves nothing"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _other_outputs(question: Question, asked: Question) -> Iterator[Near]:
    """The outputs next below and above that can be had."""
    known = completed(question, question.fixed)
    unknown = question.unknown[0]
    at = crossing(question, known, unknown)
    seen = set()
    for side in (at.values[: at.left][::-1], at.values[at.right :]):
        solutions = fitting(question, known, unknown, side[:FARTHEST])
        values = next((one for one in solutions if sees_the_image(asked, one)), None)
        if values is not None and values["output"] not in seen:
            seen.add(values["output"])
            yield Near("output", question.fixed["output"], values["output"], values)


def _smallest_change(question: Question, name: str, asked: Question) -> list[Near]:
    """The nearest values of one quantity, below, above or both, that have a solution."""
    before = question.fixed[name]
    for change in range(1, FARTHEST + 1):
        found = []
        for after in (before - change, before + change):
            if after >= LOWEST[name]:
                changed = replace(question, fixed={**question.fixed, name: after})
                solutions = search(changed, 1).solutions
                listed = [values for values in solutions if sees_the_image(asked, values)]
                found += [Near(name, before, after, values) for values in listed[:1]]
        if found:
            return found
    return []
