"""The answer to a question about sizes on one axis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from grevy.arithmetic.output_size import extent
from grevy.arithmetic.size_formula import Rounding, Symbol, transposed_equation, window_equation
from grevy.arithmetic.size_nearest import Near, nearest, why
from grevy.arithmetic.size_question import QUANTITIES, WINDOW, Question, Values, named
from grevy.arithmetic.size_search import search
from grevy.arithmetic.words import counted, enumeration
from grevy.documents.blocks import Formula
from grevy.errors import GeometryError

Count = int | None | tuple[int | None, int | None]
"""A number, in two dimensions a pair (rows, columns); None where every input will do."""

_NOT_LISTED = {
    "convolution": "its outermost windows see nothing of the image",
    "transposed": "it takes away all that the outermost input rows give",
}
"""Why a padding as large as the window is not; a pooling can't have one."""


@dataclass(frozen=True)
class Solution:
    """All sizes of one convolution or pooling.

    Attributes:
        input: input rows; None if the solution holds for every input, with an output as large.
        kernel: rows of the window.
        stride: rows from one window to the next; in a transposed convolution output rows from one
            input row to the next.
        padding: rows added on each side; in a transposed convolution output rows taken away.
        dilation: distance of neighbouring window rows.
        output: output rows; None as in `input`.
        output_padding: rows added at the end of the output; None but in a transposed convolution.
        unread: input rows at the end that no window reaches.
        formulas: the formula with the numbers put in; in two dimensions for rows and for columns.
        remarks: what else to know, one phrase each.
    """

    input: Count
    kernel: Count
    stride: Count
    padding: Count
    dilation: Count
    output: Count
    output_padding: Count
    unread: Count
    formulas: tuple[Formula, ...]
    remarks: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """As a JSON object; pairs become lists, and an input that may be any becomes null."""
        formulas = [formula.text for formula in self.formulas]
        names = [*WINDOW, "output"]
        names += ["output_padding"] if self.output_padding is not None else []
        return {
            **{name: getattr(self, name) for name in (*names, "unread")},
            "formula": formulas if len(formulas) > 1 else formulas[0],
            "remarks": list(self.remarks),
        }


@dataclass(frozen=True)
class Axis:
    """Solutions on one axis, or why there is none.

    Attributes:
        question: what was asked.
        noun: "row" or "column".
        solutions: in rising order of the first unknown that is tried.
        endless: whether more solutions follow the listed ones without end.
        why: one sentence, if there is no solution; else empty.
        nearest: what comes near, if there is no solution.
        limits: sentences on what is not listed.
    """

    question: Question
    noun: str
    solutions: tuple[Solution, ...]
    endless: bool
    why: str
    nearest: tuple[Near, ...]
    limits: tuple[str, ...]


def answer(question: Question, noun: str, first: int) -> Axis:
    """Solve one axis.

    Raises:
        ConvolutionError: sizes that can't be, whatever the output, or all given and at odds; or too
            many solutions.
    """
    found, endless = search(question, first)
    if not question.unknown and found[0]["output"] != question.fixed["output"]:
        given = [f"{named(name)} {value}" for name, value in question.fixed.items()]
        given.remove(asked := f"output {question.fixed['output']}")
        expected = f"output {found[0]['output']}"
        received = f"{asked} with {', '.join(given)}"
        raise GeometryError(received, expected, "leave out what is to be solved for")
    return Axis(
        question,
        noun,
        tuple(solution_of(question, values, noun) for values in found),
        endless,
        "" if found else why(question),
        () if found else tuple(nearest(question)),
        tuple(_limits(question, found, endless)),
    )


def solution_of(question: Question, values: Values, noun: str) -> Solution:
    """A solution on one axis, whose cells are called `noun`s."""
    sizes: dict[str, int | None] = {name: values.get(name) for name in QUANTITIES}
    if question.any_input:
        sizes |= {"input": None, "output": None}
        formula = equation(question, {**values, "input": "n", "output": "n"}, "")
    else:
        formula = question.formula(values)
    unread, remarks = 0, list[str]()
    if question.operation != "transposed":
        unread = min(max(values["input"] - _end(values), 0), values["input"])
        remarks = list(_remarks(values, noun))
    return Solution(**sizes, unread=unread, formulas=(formula,), remarks=tuple(remarks))


def joined(rows: Solution, columns: Solution) -> Solution:
    """Two solutions as one of two dimensions."""
    both = {name: (getattr(rows, name), getattr(columns, name)) for name in (*QUANTITIES, "unread")}
    pairs = {name: None if pair == (None, None) else pair for name, pair in both.items()}
    remarks = tuple(dict.fromkeys(rows.remarks + columns.remarks))
    return Solution(**pairs, formulas=rows.formulas + columns.formulas, remarks=remarks)


def equation(question: Question, symbols: Mapping[str, Symbol], rounding: Rounding) -> Formula:
    """The formula of an operation with numbers or names put in."""
    size, kernel, stride, padding, dilation = (symbols[name] for name in WINDOW)
    output = symbols["output"]
    if question.operation != "transposed":
        return window_equation(size, kernel, stride, padding, dilation, output, rounding)
    added = symbols["output_padding"]
    return transposed_equation(size, kernel, stride, padding, dilation, added, output)


def _end(values: Values) -> int:
    """Input row at which the last window ends; the padding before counts below 0."""
    last = (values["output"] - 1) * values["stride"] - values["padding"]
    return last + extent(values["kernel"], values["dilation"])


def _remarks(values: Values, noun: str) -> Iterator[str]:
    window = extent(values["kernel"], values["dilation"])
    if (cut := _end(values) - values["input"] - values["padding"]) > 0:
        yield f"the last window is cut by {counted(cut, noun)}"
    if (gap := values["stride"] - window) > 0 and values["output"] > 1:
        yield f"gaps of {counted(gap, noun)} are unread"
    if values["padding"] >= window:
        yield "the outermost windows see nothing but padding"


def _limits(question: Question, found: tuple[Values, ...], endless: bool) -> Iterator[str]:
    if endless:
        upto = [f"{named(name)} {found[-1][name]:,}" for name in question.unknown]
        yield f"Listed up to {enumeration(upto)}; there are more without end."
    if question.narrow_padding and question.operation in _NOT_LISTED:
        because = _NOT_LISTED[question.operation]
        yield f"Not listed: a padding as large as the window; {because}."
    if "dilation" in question.unknown and any(values["kernel"] == 1 for values in found):
        yield "A kernel of 1 has nothing to dilate: dilation 1 stands for all."
