"""One solution of a question about sizes, with its formula and what it leaves unread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grevy.arithmetic.output_size import (
    convolution_formula,
    extent,
    pooling_formula,
    transposed_formula,
)
from grevy.arithmetic.size_formula import transposed_equation, window_equation
from grevy.arithmetic.size_question import QUANTITIES, Question
from grevy.arithmetic.size_search import Values, window_of
from grevy.documents.blocks import Formula

Count = int | None | tuple[int | None, int | None]
"""A number, in two dimensions a pair (rows, columns); None where every input will do."""


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
        names = [name for name in QUANTITIES if name != "output_padding"]
        names += ["output_padding"] if self.output_padding is not None else []
        return {
            **{name: getattr(self, name) for name in (*names, "unread")},
            "formula": formulas if len(formulas) > 1 else formulas[0],
            "remarks": list(self.remarks),
        }


def solution_of(question: Question, values: Values, noun: str) -> Solution:
    """A solution on one axis, whose cells are called `noun`s."""
    shown: dict[str, int | None] = {name: values.get(name) for name in QUANTITIES}
    if question.any_input:
        shown |= {"input": None, "output": None}
    unread, remarks = 0, list[str]()
    if question.operation != "transposed":
        unread, remarks = _unread(values), list(_remarks(values, noun))
    return Solution(
        **shown, unread=unread, formulas=(_formula(question, values),), remarks=tuple(remarks)
    )


def joined(rows: Solution, columns: Solution) -> Solution:
    """Two solutions as one of two dimensions."""
    names = (*QUANTITIES, "unread")
    pairs = {name: _pair(getattr(rows, name), getattr(columns, name)) for name in names}
    remarks = tuple(dict.fromkeys(rows.remarks + columns.remarks))
    return Solution(**pairs, formulas=rows.formulas + columns.formulas, remarks=remarks)


def counted(number: int, noun: str) -> str:
    """1 row, 2 rows."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _pair(rows: int | None, columns: int | None) -> Count:
    return None if rows is columns is None else (rows, columns)


def _formula(question: Question, values: Values) -> Formula:
    if question.any_input:
        _, kernel, stride, padding, dilation = window_of(values)
        if question.operation == "transposed":
            added = values["output_padding"]
            return transposed_equation("n", kernel, stride, padding, dilation, added, "n")
        return window_equation("n", kernel, stride, padding, dilation, "n", rounding="")
    if question.operation == "transposed":
        return transposed_formula(*window_of(values), values["output_padding"])
    if question.operation == "pooling":
        return pooling_formula(*window_of(values), question.ceil)
    return convolution_formula(*window_of(values))


def _end(values: Values) -> int:
    """Input row at which the last window ends; the padding before counts below 0."""
    last = (values["output"] - 1) * values["stride"] - values["padding"]
    return last + extent(values["kernel"], values["dilation"])


def _unread(values: Values) -> int:
    return min(max(values["input"] - _end(values), 0), values["input"])


def _remarks(values: Values, noun: str) -> Sequence[str]:
    window = extent(values["kernel"], values["dilation"])
    remarks = []
    if cut := max(_end(values) - values["input"] - values["padding"], 0):
        remarks.append(f"the last window is cut by {counted(cut, noun)}")
    gap = values["stride"] - window
    if gap > 0 and values["output"] > 1:
        remarks.append(f"gaps of {counted(gap, noun)} are unread")
    if values["padding"] >= window:
        remarks.append("the outermost windows see nothing but padding")
    return remarks
