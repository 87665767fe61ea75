"""Plain text: for the terminal and for .txt files."""

from __future__ import annotations

from grevy.documents.blocks import (
    Block,
    Code,
    Document,
    Figure,
    Formula,
    Heading,
    Items,
    Matrix,
    Paragraph,
    Table,
    Text,
)
from grevy.documents.columns import (
    GAP,
    code_line,
    column_widths,
    display_width,
    one_line,
    parts,
    wrap,
)

INDENT = "    "
HANG = "  "
RULES = {1: "═", 2: "─"}
"""Below headings, by their level; deeper ones have none."""


def as_text(document: Document, width: int = 80) -> str:
    """`document` in lines of at most `width` characters, without a line end after the last.

    Paragraphs are wrapped and formulas indented; a formula that is too long goes on under itself.
    Marked cells of a matrix stand in square brackets; a matrix that is too wide comes in parts.
    A table that is too wide has its heads and text cells wrapped, and if that does not do, comes
    in parts that each begin with the first column. Numbers are never broken.
    """
    lines = _heading(document.title, width, RULES[1])
    lines += ["", *wrap(document.banner, width)] if one_line(document.banner) else []
    for index, block in enumerate(document.blocks):
        in_a_row = isinstance(block, Formula) and isinstance(document.blocks[index - 1], Formula)
        if lines and not (index and in_a_row):
            lines.append("")
        lines += _lines(block, width)
    return "\n".join(line.rstrip() for line in lines)


def _heading(title: Text, width: int, rule: str) -> list[str]:
    if not one_line(title):
        return []
    lines = wrap(title, width)
    return [*lines, rule * max(map(display_width, lines))] if rule else lines


def _lines(block: Block, width: int) -> list[str]:  # noqa: PLR0911, one kind of block a line
    match block:
        case Heading(text, level):
            return _heading(text, width, RULES.get(level, ""))
        case Paragraph(words):
            return wrap(words, width)
        case Items():
            return _items(block, width)
        case Code():
            return _code(block, width)
        case Formula(text):
            return _formula(text, width)
        case Matrix():
            return _matrix(block, width)
        case Table():
            return _table(block, width)
        case Figure():
            return _figure(block, width)


def _items(block: Items, width: int) -> list[str]:
    lines = []
    for number, item in enumerate(block.items, 1):
        mark = f"{number}. " if block.numbered else "- "
        first, *rest = wrap(item, width - len(mark))
        lines += [mark + first, *(" " * len(mark) + line for line in rest)]
    return lines


def _code(code: Code, width: int) -> list[str]:
    """Its lines are not wrapped: they can be copied."""
    lines = [INDENT + code_line(line) for line in code.text.splitlines()]
    return [*(wrap(code.name, width) if one_line(code.name) else []), *lines]


def _figure(figure: Figure, width: int) -> list[str]:
    """What it shows; the picture itself is beside the text, or nowhere."""
    shown = wrap(f"[{one_line(figure.name)}: {one_line(figure.alternative)}]", width)
    return [*shown, *wrap(figure.caption, width)] if one_line(figure.caption) else shown


def _formula(text: str, width: int) -> list[str]:
    return [INDENT + line for line in wrap(text, width - len(INDENT), hang=HANG)]


def _matrix(matrix: Matrix, width: int) -> list[str]:
    """All columns are equally wide, so that the rows and columns of the grid can be seen."""
    rows = [
        [_cell(matrix, (r, c), cell) for c, cell in enumerate(row)]
        for r, row in enumerate(matrix.rows)
    ]
    widest = max((display_width(cell) for row in rows for cell in row), default=0)
    gap = " " * (1 if matrix.marked else GAP)
    columns = len(rows[0]) if rows else 0
    at_once = max((width - len(INDENT) + len(gap)) // (widest + len(gap)), 1)
    lines = wrap(matrix.name, width) if one_line(matrix.name) else []
    for start in range(0, columns, at_once):
        part = slice(start, start + at_once)
        if columns > at_once:
            last = min(start + at_once, columns)
            lines.append(f"{INDENT}columns {start + 1} to {last} of {columns}")
        lines += [INDENT + gap.join(_right(cell, widest) for cell in row[part]) for row in rows]
    return lines


def _cell(matrix: Matrix, place: tuple[int, int], cell: str) -> str:
    if place in matrix.marked:
        return f"[{one_line(cell)}]"
    return f" {one_line(cell)} " if matrix.marked else one_line(cell)


def _table(table: Table, width: int) -> list[str]:
    lines = wrap(table.title, width) if one_line(table.title) else []
    for number, part in enumerate(parts(table, width)):
        widths = column_widths(part, width)
        lines += [""] if number else []
        lines += _row(part, part.columns, widths)
        lines.append((" " * GAP).join("─" * column for column in widths))
        lines += [line for row in part.rows for line in _row(part, row, widths)]
    return lines


def _row(table: Table, cells: tuple[Text, ...], widths: list[int]) -> list[str]:
    """As many lines as the highest cell needs; heads stand on the rule, cells hang from the top."""
    wrapped = [wrap(cell, width) for cell, width in zip(cells, widths, strict=True)]
    height = max(map(len, wrapped), default=0)
    columns = []
    for index, (lines, width) in enumerate(zip(wrapped, widths, strict=True)):
        blank = [""] * (height - len(lines))
        filled = blank + lines if cells is table.columns else lines + blank
        align = _right if index in table.right else _left
        columns.append([align(line, width) for line in filled])
    return [(" " * GAP).join(line) for line in zip(*columns, strict=True)]


def _right(text: str, width: int) -> str:
    return " " * (width - display_width(text)) + text


def _left(text: str, width: int) -> str:
    return text + " " * (width - display_width(text))
