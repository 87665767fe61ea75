"""`grevy.size`: all sizes of a convolution or pooling but one or two are given; the rest is solved.

What is asked for and what is assumed: see `grevy.arithmetic.size_question`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from grevy.arithmetic.size_answer import Axis, Solution, answer, joined, solution_of
from grevy.arithmetic.size_document import document_of
from grevy.arithmetic.size_nearest import Near
from grevy.arithmetic.size_question import Operation, Value, read_questions
from grevy.arithmetic.size_search import MOST
from grevy.documents.blocks import Document
from grevy.documents.printed import Printed
from grevy.errors import GeometryError

FIRST = 16
"""Solutions that are listed where they have no end."""


def size(
    *,
    input: Value = None,  # noqa: A002  the field's name for it
    kernel: Value = None,
    stride: Value = None,
    padding: Value = None,
    dilation: Value = None,
    output: Value = None,
    output_padding: Value = None,
    operation: Operation = "convolution",
    ceil: bool = False,
    first: int = FIRST,
) -> Sizes:
    """Every whole-number solution for what is not given.

    Values are whole numbers, "32x48" or (32, 48) for rows and columns, or "?" for what is asked
    for. What is not given of input, kernel and output is asked for; if all three are given, the
    padding and the stride that are not; if these are given too, the output padding of a transposed
    convolution, then the dilation. The rest is assumed: stride 1 (in pooling the kernel), padding
    0, dilation 1, output padding 0.

    Args:
        input: input rows.
        kernel: rows of the window.
        stride: rows from one window to the next.
        padding: rows added on each side; in a transposed convolution output rows taken away.
        dilation: distance of neighbouring window rows.
        output: output rows; "same" for as many as the input, and without an input for what keeps
            every input as large as it is.
        output_padding: rows added at the end of the output of a transposed convolution.
        operation: "convolution", "transposed" or "pooling".
        ceil: whether the pooling rounds up.
        first: how many solutions are listed where they have no end, 1 to 10,000.

    Raises:
        NotANumberError: text where a number must stand.
        GeometryError: a number outside its range, more than two unknowns, or all given and at odds.
        KernelTooLargeError: only the output is asked for, and the kernel does not fit.
    """
    if not 1 <= first <= MOST:
        raise GeometryError(f"the first {first} solutions", f"1 to {MOST:,}", "give one of these")
    given = {
        "input": input,
        "kernel": kernel,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "output": output,
        "output_padding": output_padding,
    }
    questions = read_questions(operation, ceil, given)
    nouns = ("row", "column")
    axes = tuple(
        answer(question, noun, first) for question, noun in zip(questions, nouns, strict=False)
    )
    pairs = prod(len(axis.solutions) for axis in axes)
    if pairs > MOST:
        raise GeometryError(
            f"a question with {pairs:,} pairs of solutions",
            f"at most {MOST:,}",
            "solve rows and columns apart, or give one quantity more",
        )
    return Sizes(axes)


@dataclass(frozen=True)
class Sizes(Printed):
    """The answer to a question about sizes.

    Attributes:
        axes: one, or one for the rows and one for the columns, each solved on its own.
    """

    axes: tuple[Axis, ...]

    @property
    def solutions(self) -> tuple[Solution, ...]:
        """All solutions, or the first where they have no end.

        In two dimensions every solution of the rows with every one of the columns, as pairs.
        """
        if len(self.axes) == 1:
            return self.axes[0].solutions
        rows, columns = self.axes
        return tuple(joined(*pair) for pair in product(rows.solutions, columns.solutions))

    @property
    def endless(self) -> bool:
        """Whether solutions follow the listed ones without end."""
        return any(axis.endless for axis in self.axes)

    @property
    def nearest(self) -> tuple[Near, ...]:
        """If there is no solution, the smallest changes of one quantity that lead to one."""
        return tuple(near for axis in self.axes for near in axis.nearest)

    @property
    def why(self) -> str:
        """Why there is no solution; empty if there is one."""
        if len(self.axes) == 1:
            return self.axes[0].why
        return " ".join(f"{axis.noun.capitalize()}s: {axis.why}" for axis in self.axes if axis.why)

    def document(self, most: int | None = None) -> Document:
        """The answer to read, with at most so many solutions of an axis."""
        return document_of(self.axes, most)

    def as_json(self) -> dict[str, Any]:
        """The answer as a JSON object: `solutions`, and `why` and `nearest` where there is none."""
        question = self.axes[0].question
        return {
            "operation": question.operation,
            "ceil": question.ceil,
            "assumed": {name: self._fixed(name) for name in question.assumed},
            "unknown": list(question.unknown),
            "solutions": [solution.as_json() for solution in self.solutions],
            "endless": self.endless,
            "limits": list(dict.fromkeys(text for axis in self.axes for text in axis.limits)),
            "why": self.why or None,
            "nearest": [_near_json(near, axis) for axis in self.axes for near in axis.nearest],
        }

    def _fixed(self, name: str) -> Any:
        values = [axis.question.fixed.get(name) for axis in self.axes]
        return values if len(values) > 1 else values[0]


def _near_json(near: Near, axis: Axis) -> dict[str, Any]:
    return {
        "axis": f"{axis.noun}s",
        "change": {"quantity": near.quantity, "from": near.before, "to": near.after},
        **solution_of(axis.question, near.values, axis.noun).as_json(),
    }
