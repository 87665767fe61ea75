"""What a worked answer is made of, whatever it is written as: terminal, Markdown, LaTeX, HTML."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sentence:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Formula:
    """One line of arithmetic.

    Attributes:
        text: in Unicode, as a person types it: "(32 + 2·2 − 5)/1 + 1 = 32".
        latex: the same for LaTeX's display mathematics, without dollar signs.
    """

    text: str
    latex: str


@dataclass(frozen=True)
class Matrix:
    """Numbers in rows and columns under a name.

    Attributes:
        name: said above or in front of it, such as "image" or "kernel of filter 2, channel 1".
        rows: the numbers as text, all rows of one length.
        marked: (row, column) of cells that stand out, such as padding.
    """

    name: str
    rows: tuple[tuple[str, ...], ...]
    marked: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True)
class Table:
    """Columns with heads.

    Attributes:
        columns: heads.
        rows: cells as text, one for each column.
        right: indices of the columns that are set to the right: numbers.
        title: said above; may be empty.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()
    title: str = ""


Block = Sentence | Formula | Matrix | Table


@dataclass(frozen=True)
class Document:
    """A title and blocks in reading order."""

    title: str
    blocks: tuple[Block, ...]
