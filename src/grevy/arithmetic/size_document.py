"""The answer to a question about sizes as a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grevy.arithmetic.size_answer import Axis, equation, solution_of
from grevy.arithmetic.size_formula import Rounding, Symbol
from grevy.arithmetic.size_question import QUANTITIES, Question, named
from grevy.arithmetic.words import capitalised, counted, enumeration
from grevy.documents.blocks import Block, Document, Formula, Paragraph, Table

TITLES = {"transposed": "a transposed convolution"}


def document_of(axes: Sequence[Axis], most: int | None) -> Document:
    """What was given, the formula, the solutions, or why there is none and what comes near.

    Args:
        axes: the answer for rows (and columns).
        most: no more solutions of an axis are shown; None shows all.
    """
    question = axes[0].question
    mode = " in ceil mode" if question.ceil else ""
    title = f"Sizes of {TITLES.get(question.operation, f'a {question.operation}')}{mode}"
    if len(axes) == 1:
        return Document(title, tuple(_axis_blocks(axes[0], most)))
    if axes[0].question == axes[1].question:
        alike = Paragraph("Rows and columns alike; any solution of one goes with any of the other.")
        return Document(title, (alike, *_axis_blocks(axes[0], most)))
    blocks: list[Block] = []
    for axis in axes:
        blocks += [Paragraph(f"{axis.noun.capitalize()}s."), *_axis_blocks(axis, most)]
    return Document(title, tuple(blocks))


def _axis_blocks(axis: Axis, most: int | None) -> list[Block]:
    blocks: list[Block] = [Paragraph(_given(axis.question)), _relation(axis.question)]
    if not axis.solutions:
        return blocks + _nothing(axis)
    blocks += [Paragraph(_headline(axis, most))]
    if len(axis.solutions) == 1:
        blocks.append(axis.solutions[0].formulas[0])
        blocks += [Paragraph(f"{capitalised(text)}.") for text in _remarks(axis)]
    else:
        blocks.append(_solutions(axis, most))
        if any(solution.unread for solution in axis.solutions[:most]):
            blocks.append(Paragraph(f"Unread: {axis.noun}s at the end that no window reaches."))
    return blocks + [Paragraph(text) for text in axis.limits]


def _given(question: Question) -> str:
    """Given, assumed and sought in one line."""
    said = {name: f"{named(name)} {value:,}" for name, value in question.fixed.items()}
    if question.any_input:
        said |= {"output": "output = input"}
        del said["input"]
    if question.stride_is_kernel:
        said.pop("stride", None)
    given = [said[name] for name in QUANTITIES if name in said and name not in question.assumed]
    assumed = [said[name] for name in QUANTITIES if name in question.assumed]
    assumed += ["stride = kernel"] if question.stride_is_kernel else []
    parts = [f"Given: {enumeration(given)}."] if given else []
    parts += [f"Assumed: {enumeration(assumed)}."] if assumed else []
    sought = enumeration([named(name) for name in question.unknown]) if question.unknown else ""
    return " ".join([*parts, *([f"Sought: {sought}."] if sought else [])])


def _relation(question: Question) -> Formula:
    """The formula with names for the two that are sought; for one, with names for all."""
    known: Mapping[str, Symbol] = {} if len(question.unknown) < 2 else question.fixed
    value: dict[str, Symbol] = {name: known.get(name, named(name)) for name in QUANTITIES}
    if question.stride_is_kernel:
        value["stride"] = value["kernel"]
    if question.any_input:
        value |= {"input": "n", "output": "n"}
    rounded: Rounding = "" if value["stride"] == 1 else "ceil" if question.ceil else "floor"
    return equation(question, value, rounded)


def _headline(axis: Axis, most: int | None) -> str:
    question, number = axis.question, len(axis.solutions)
    every = " for every input" if question.any_input else ""
    shown = number if most is None else min(most, number)
    if axis.endless:
        return f"The solutions{every} have no end; the first {shown:,}:"
    if number > 1:
        of_all = f"The first {shown:,} of {number:,} solutions" if shown < number else ""
        return f"{of_all or f'{number:,} solutions'}{every}:"
    solution = axis.solutions[0]
    if not question.unknown:
        return "What is given fits together."
    found = [f"{named(name)} {getattr(solution, name):,}" for name in question.unknown]
    only = "" if question.unknown == ("output",) else ", the only solution"
    return f"{capitalised(enumeration(found))}{every}{only}."


def _remarks(axis: Axis) -> list[str]:
    """On the only solution."""
    solution = axis.solutions[0]
    if not isinstance(solution.unread, int) or not solution.unread:
        return list(solution.remarks)
    are = "is" if solution.unread == 1 else "are"
    return [f"{counted(solution.unread, axis.noun)} at the end {are} not read", *solution.remarks]


def _solutions(axis: Axis, most: int | None) -> Table:
    names = axis.question.unknown
    shown = axis.solutions[:most]
    columns = {named(name): [f"{getattr(found, name):,}" for found in shown] for name in names}
    if any(found.unread for found in shown):
        columns["unread"] = [str(found.unread or "") for found in shown]
    numbers = frozenset(range(len(columns)))
    columns["formula"] = [found.formulas[0].text for found in shown]
    if any(found.remarks for found in shown):
        columns["remark"] = ["; ".join(found.remarks) for found in shown]
    return Table(tuple(columns), tuple(zip(*columns.values(), strict=True)), right=numbers)


def _nothing(axis: Axis) -> list[Block]:
    """Why there is no solution, and the nearest that there are."""
    blocks: list[Block] = [Paragraph(f"No solution. {axis.why}")]
    if not axis.nearest:
        return blocks
    rows = [
        (
            f"{named(near.quantity)} {near.before:,} → {near.after:,}",
            enumeration([f"{named(name)} {near.values[name]:,}" for name in axis.question.unknown]),
            solution_of(axis.question, near.values, axis.noun).formulas[0].text,
        )
        for near in axis.nearest
    ]
    columns = ("change", "gives", "formula")
    return [*blocks, Table(columns, tuple(rows), title="Nearest, with one change each:")]
