"""GitHub-flavoured Markdown, with mathematics between double dollar signs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from grevy.documents.blocks import (
    Block,
    Code,
    Document,
    Figure,
    Formula,
    Heading,
    Items,
    Marked,
    Matrix,
    Paragraph,
    Table,
    Text,
    Value,
    plain,
)
from grevy.documents.columns import code_line, display_width, one_line
from grevy.documents.mathematics import matrix_body

_SPECIAL = re.compile(r"([\\`*_\[<>#|$~]|&(?=[#\w]))")
_LIST_MARK = re.compile(r"^([-+]|\d+[.)])")
_SHORTEST_RULE = 3
_ADDRESS = "%/:?#[]@!$&'()*+,;=~"


def as_markdown(document: Document, figures: str = "") -> str:
    """`document` in GitHub-flavoured Markdown, without a line end after the last line.

    Texts are escaped, so that none of their signs acts as markup. Marked cells of a matrix stand
    in boxes.

    Args:
        document: what is written.
        figures: address of the folder in which the figures lie, as PNG files.
    """
    heading = [f"# {_escape(document.title)}"] if one_line(document.title) else []
    heading += [f"**{_escape(document.banner)}**"] if one_line(document.banner) else []
    return "\n\n".join([*heading, *(_block(block, figures) for block in document.blocks)])


def _block(block: Block, figures: str) -> str:  # noqa: PLR0911, one kind of block a line
    match block:
        case Heading(text, level):
            return f"{'#' * level} {_escape(text)}"
        case Paragraph(words):
            return _LIST_MARK.sub(_escape_last, _escape(words))
        case Items():
            return _items(block)
        case Code():
            return _caption(block.name) + _code(block.text)
        case Formula(latex=latex):
            return _mathematics(one_line(latex))
        case Matrix():
            matrix = f"\\begin{{bmatrix}}\n{matrix_body(block)}\n\\end{{bmatrix}}"
            return _caption(block.name) + _mathematics(matrix)
        case Table():
            return _caption(block.title) + _table(block)
        case Figure():
            return _figure(block, figures)


def _items(block: Items) -> str:
    marks = (f"{number}." if block.numbered else "-" for number in range(1, len(block.items) + 1))
    lines = (_LIST_MARK.sub(_escape_last, _escape(item)) for item in block.items)
    return "\n".join(f"{mark} {line}" for mark, line in zip(marks, lines, strict=True))


def _code(text: str) -> str:
    """Between fences longer than any in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([fence, *map(code_line, text.splitlines()), fence])


def _figure(figure: Figure, figures: str) -> str:
    address = quote(f"{figures}/{figure.name}.png" if figures else f"{figure.name}.png")
    picture = f"![{_escape(figure.alternative)}]({address})"
    return f"{picture}\n\n{_escape(figure.caption)}" if one_line(figure.caption) else picture


def _escape(text: Text) -> str:
    if isinstance(text, str):
        return _SPECIAL.sub(r"\\\1", one_line(text))
    return "".join(map(_piece, text)).strip()


def _piece(piece: str | Value | Marked) -> str:
    """Blanks at the ends of words part them from the next piece."""
    if isinstance(piece, str):
        before, after = piece[:1].isspace(), piece[-1:].isspace() and piece.strip()
        return f"{' ' if before else ''}{_escape(piece)}{' ' if after else ''}"
    if isinstance(piece, Value):
        return _escape(piece.text)
    words = _escape(piece.text)
    match piece.mark:
        case "link":
            return f"[{words}](<{quote(piece.address, safe=_ADDRESS)}>)"
        case "code":
            code = one_line(plain(piece.text))
            return words if set("`|") & set(code) or not code else f"`{code}`"
        case mark:
            sign = {"emphasis": "*", "strong": "**"}[mark]
            return f"{sign}{words}{sign}" if words else ""


def _escape_last(mark: re.Match[str]) -> str:
    """A text that begins like a list is none: the sign after the number is escaped."""
    return rf"{mark[0][:-1]}\{mark[0][-1]}"


def _caption(text: str) -> str:
    return f"**{_escape(text)}**\n\n" if one_line(text) else ""


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
