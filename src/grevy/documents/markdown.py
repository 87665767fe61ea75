"""GitHub-flavoured Markdown, with mathematics between double dollar signs."""

from __future__ import annotations

import re
from collections.abc import Iterable

from grevy.documents.blocks import Block, Document, Formula, Matrix, Sentence, Table
from grevy.documents.columns import clean, display_width
from grevy.documents.mathematics import matrix_body

_SPECIAL = re.compile(r"([\\`*_\[<>#|$~]|&(?=[#\w]))")
_LIST_MARK = re.compile(r"^([-+]|\d+[.)])")
_SHORTEST_RULE = 3


def as_markdown(document: Document) -> str:
    """`document` in GitHub-flavoured Markdown, without a line end after the last line.

    Texts are escaped, so that none of their signs acts as markup. Marked cells of a matrix stand
    in boxes.
    """
    heading = [f"# {_escape(document.title)}"] if clean(document.title) else []
    return "\n\n".join([*heading, *(_block(block) for block in document.blocks)])


def _block(block: Block) -> str:
    match block:
        case Sentence(text):
            return _LIST_MARK.sub(_escape_last, _escape(text))
        case Formula(latex=latex):
            return _mathematics(clean(latex))
        case Matrix():
            matrix = f"\\begin{{bmatrix}}\n{matrix_body(block)}\n\\end{{bmatrix}}"
            return _caption(block.name) + _mathematics(matrix)
        case Table():
            return _caption(block.title) + _table(block)


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", clean(text))


def _escape_last(mark: re.Match[str]) -> str:
    """A text that begins like a list is none: the sign after the number is escaped."""
    return rf"{mark[0][:-1]}\{mark[0][-1]}"


def _caption(text: str) -> str:
    return f"**{_escape(text)}**\n\n" if clean(text) else ""


def _mathematics(latex: str) -> str:
    return f"$$\n{latex}\n$$"


def _table(table: Table) -> str:
    """Padded, so that it is a table to the eye too."""
    rows = [[_escape(cell) for cell in row] for row in (table.columns, *table.rows)]
    widths = [
        max(_SHORTEST_RULE, *map(display_width, column)) for column in zip(*rows, strict=True)
    ]
    rule = [
        "-" * (width - 1) + (":" if index in table.right else "-")
        for index, width in enumerate(widths)
    ]
    return "\n".join(_row(table, row, widths) for row in (rows[0], rule, *rows[1:]))


def _row(table: Table, cells: Iterable[str], widths: Iterable[int]) -> str:
    padded = []
    for index, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        blank = " " * (width - display_width(cell))
        padded.append(blank + cell if index in table.right else cell + blank)
    return f"| {' | '.join(padded)} |"
