"""How wide a column is, and how text is broken to fit it: for every form that sets type itself."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Sequence

from grevy.cleaning import clean
from grevy.documents.blocks import Table, Text, plain

GAP = 2
"""Characters between two columns."""

READABLE = 20
"""Characters that a column of text keeps, if it has them, before a table is cut in parts."""

LONGEST_WORD = 30
"""Letters of a word that are kept together; longer ones may break anywhere."""

NARROWEST = 8
"""Characters below which words in a column are not broken further."""

NO_BREAK_SPACE = "\u00a0"

_FILLER = "\0"
_LONG_WORD = re.compile(rf"\S{{{LONGEST_WORD + 1},}}")
_OPERATOR = re.compile(r" ([=≈≤≥+−×·/-]) ")


def one_line(text: Text) -> str:
    """`text` on one line, without blanks around it; what would steer or hide is shown as �."""
    return clean(plain(text)).strip()


def code_line(text: str) -> str:
    """As `one_line`, of a line that keeps the blanks at its beginning."""
    return clean(text).rstrip()


def display_width(text: str) -> int:
    """Columns that `text` takes on a terminal: East Asian wide characters take two.

    Source: Unicode Standard Annex 11.
    """
    if text.isascii():
        return len(text)
    return sum(_character_width(character) for character in text)


def hold_operators(text: Text) -> str:
    """`text` with no-break spaces after its operators, so that a line breaks before them."""
    return _OPERATOR.sub(rf" \1{NO_BREAK_SPACE}", one_line(text))


def hold_inside(text: str) -> str:
    """As `hold_operators`, of a piece of a text: spaces at its ends part it from the next."""
    start, end = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return (" " if start else "") + hold_operators(text) + (" " if end and text.strip() else "")


def wrap(text: Text, width: int, *, whole_words: bool = False, hang: str = "") -> list[str]:
    """Lines of at most `width` columns, at least one.

    Args:
        text: broken at spaces and hyphens, before operators such as "+" rather than after them.
        width: columns of a line; wide characters take two.
        whole_words: let a word be longer than `width` rather than break it.
        hang: stands before every line but the first.
    """
    if display_width(one_line(text)) <= width:
        return [one_line(text)]
    # Fillers make a text as long as it is wide, which is what textwrap counts. A line may end
    # between a character and its filler, so it is given one column less.
    filled = "".join(c + _FILLER * (_character_width(c) - 1) for c in hold_operators(text))
    room = max(width - (_FILLER in filled), 1)
    lines = textwrap.wrap(filled, room, break_long_words=not whole_words, subsequent_indent=hang)
    return [line.replace(_FILLER, "").replace(NO_BREAK_SPACE, " ") for line in lines] or [""]


def column_widths(table: Table, width: int) -> list[int]:
    """The width of each column in a table of at most `width` characters, if that can be.

    What is given up, in this order: heads of number columns on one line, text cells on one line,
    whole words in text cells. Numbers are never broken: rather is the table wider than `width`.
    """
    room = width - GAP * (len(table.columns) - 1)
    widths = [_natural(cells) for cells in _columns(table)]
    for floors in (_head_floors(table), _readable_floors(table), _last_floors(table)):
        widths = _squeeze(widths, floors, room)
        if sum(widths) <= room:
            break
    return widths


def parts(table: Table, width: int) -> list[Table]:
    """`table`, cut between columns where it can't be read in `width`; each part has the first."""
    floors = _readable_floors(table)
    cuts: list[list[int]] = [list(range(len(floors)))[:1]]
    for index in range(1, len(floors)):
        needed = sum(floors[i] + GAP for i in cuts[-1]) + floors[index]
        if needed > width and len(cuts[-1]) > 1:
            cuts.append([0])
        cuts[-1].append(index)
    return [_select(table, cut) for cut in cuts] if len(cuts) > 1 else [table]


def break_long_words(text: str, mark: str) -> str:
    """`text` with `mark` between the letters of words that are too long to be kept together.

    Arabic letters, which are joined, and signs that stand on letters are left as they are.
    """
    return _LONG_WORD.sub(lambda word: _marked(word[0], mark), text)


def _marked(word: str, mark: str) -> str:
    joined = any(unicodedata.bidirectional(letter) in {"AL", "NSM"} for letter in word)
    return word if joined else mark.join(word)


def _select(table: Table, indices: Sequence[int]) -> Table:
    return Table(
        tuple(table.columns[i] for i in indices),
        tuple(tuple(row[i] for i in indices) for row in table.rows),
        frozenset(new for new, old in enumerate(indices) if old in table.right),
        table.title if 1 in indices else "",
    )


def _columns(table: Table) -> list[tuple[Text, ...]]:
    """The cells of each column, its head first."""
    return list(zip(table.columns, *table.rows, strict=True))


def _head_floors(table: Table) -> list[int]:
    """How narrow the columns become when only heads over numbers are wrapped."""
    return [
        max(_longest_word(cells[:1]), _natural(cells[1:]))
        if index in table.right
        else _natural(cells)
        for index, cells in enumerate(_columns(table))
    ]


def _readable_floors(table: Table) -> list[int]:
    """... when text cells are wrapped too, as far as they can still be read."""
    return [
        widest
        if index in table.right
        else max(min(_longest_word(cells), LONGEST_WORD), min(widest, READABLE))
        for index, (cells, widest) in enumerate(
            zip(_columns(table), _head_floors(table), strict=True)
        )
    ]


def _last_floors(table: Table) -> list[int]:
    """... when words are broken."""
    return [
        floor if index in table.right else min(floor, NARROWEST)
        for index, floor in enumerate(_readable_floors(table))
    ]


def _natural(cells: Sequence[Text]) -> int:
    return max((display_width(one_line(cell)) for cell in cells), default=0)


def _longest_word(cells: Sequence[Text]) -> int:
    words = (word for cell in cells for word in wrap(cell, 1, whole_words=True))
    return max(map(display_width, words), default=0)


def _squeeze(widths: Sequence[int], floors: Sequence[int], room: int) -> list[int]:
    """The widest columns cut down to one common width until all fit, none below its floor."""
    for cap in range(max(widths, default=0), 0, -1):
        fitted = [max(floor, min(width, cap)) for width, floor in zip(widths, floors, strict=True)]
        if sum(fitted) <= room:
            return fitted
    return list(floors)


def _character_width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
