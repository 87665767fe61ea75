"""The answer to a question about sizes on one axis."""

from __future__ import annotations

from dataclasses import dataclass

from grevy.arithmetic.size_nearest import Near, nearest, why
from grevy.arithmetic.size_question import LOWEST, Question, named
from grevy.arithmetic.size_search import Found, completed, output_of, search
from grevy.arithmetic.size_solution import Solution, solution_of
from grevy.errors import GeometryError

_NOT_LISTED = {
    "convolution": [
        "Not listed: a padding as large as the window; its outermost windows see nothing of the"
        " image."
    ],
    "transposed": [
        "Not listed: a padding as large as the window; it takes away all that the outermost input"
        " rows give."
    ],
    "pooling": [],
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
    found = _find(question, first)
    solutions = tuple(solution_of(question, values, noun) for values in found.solutions)
    return Axis(
        question,
        noun,
        solutions,
        found.endless,
        "" if solutions else why(question),
        () if solutions else nearest(question),
        tuple(_limits(question, found)),
    )


def _find(question: Question, first: int) -> Found:
    known = completed(question, question.fixed)
    if not set(question.unknown) <= {"output"}:
        found = search(question, first)
        if "output" in question.unknown and not found.solutions:
            output_of(question, {**LOWEST, **known})  # raises: what is given can't be
        return found
    output = output_of(question, known)
    asked = question.fixed.get("output", output)
    if output != asked:
        sizes = [f"{named(name)} {value}" for name, value in known.items() if name != "output"]
        raise GeometryError(
            f"output {asked} with {', '.join(sizes)}",
            f"output {output}",
            "leave out what is to be solved for",
        )
    return Found(({**known, "output": output},), endless=False)


def _limits(question: Question, found: Found) -> list[str]:
    limits = []
    if found.endless:
        last = found.solutions[-1]
        upto = " and ".join(f"{named(name)} {last[name]:,}" for name in question.unknown)
        limits.append(f"Listed up to {upto}; there are more without end.")
    if len(question.unknown) == 2 and "padding" in question.unknown:
        limits += _NOT_LISTED[question.operation]
    if "dilation" in question.unknown and any(v["kernel"] == 1 for v in found.solutions):
        limits.append("A kernel of 1 has nothing to dilate: dilation 1 stands for all.")
    return limits
