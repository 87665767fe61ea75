"""What a document is made of, whatever it is written as: terminal, Markdown, LaTeX, HTML.

By-hand sheets, views of a network, studies and reports are all trees of these. A renderer a
format turns them into text; none of them computes anything.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True)
class Value:
    """A number of a record, with where it stands there.

    Attributes:
        text: as it is printed: "0.7340", "5,265".
        record: name of the `Origin` in the document.
        field: in that record, dotted: "results.test.accuracy".
        form: how the text is made of the number, as `grevy.documents.forms` names it: ".4f".
    """

    text: str
    record: str
    field: str
    form: str = ""


@dataclass(frozen=True)
class Origin:
    """A record that values of a document are from.

    Attributes:
        name: how values and people call it: "base-seed0".
        places: the run directories or the study's folder, as they were named.
        files: SHA-256 of each file that was read, by its path from the place on: for a run
            "run.json", "steps.jsonl", "predictions/test.safetensors".
        content: JSON of what it records, to be read without the files.
    """

    name: str
    places: tuple[str, ...]
    files: tuple[tuple[str, str], ...] = ()
    content: str = ""


Mark: TypeAlias = Literal["emphasis", "strong", "code", "link"]


@dataclass(frozen=True)
class Marked:
    """Words that stand out, or lead somewhere. A form that can't show it writes them plainly.

    Attributes:
        text: the words, values and marked words among them.
        mark: how they stand out.
        address: of a link.
    """

    text: tuple[str | Value | Marked, ...]
    mark: Mark
    address: str = ""


Text: TypeAlias = str | tuple[str | Value | Marked, ...]
"""Words, or words with values and marked words among them."""


@dataclass(frozen=True)
class Heading:
    """The name of what follows.

    Attributes:
        text: one line, values among its words.
        level: 2 for a section, 3 for a part of one, and so on to 6; 1 is the document's title.
    """

    text: Text
    level: Literal[2, 3, 4, 5, 6] = 2


@dataclass(frozen=True)
class Paragraph:
    """Sentences."""

    text: Text


@dataclass(frozen=True)
class Items:
    """A list: things of one kind, one below the other.

    Attributes:
        items: one text each.
        numbered: from 1, where their order matters.
    """

    items: tuple[Text, ...]
    numbered: bool = False


@dataclass(frozen=True)
class Code:
    """Lines that keep their blanks: a network as PyTorch prints it, commands.

    Attributes:
        text: any number of lines.
        name: said above; may be empty.
    """

    text: str
    name: str = ""


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
        rows: cells, one for each column.
        right: indices of the columns that are set to the right: numbers.
        title: said above; may be empty.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]
    right: frozenset[int] = frozenset()
    title: str = ""


@dataclass(frozen=True)
class Figure:
    """A picture.

    Attributes:
        name: of its file, without a folder and an ending: "look-zebra-conv1".
        png: the picture itself.
        svg: the same as drawing instructions; empty where there is none.
        alternative: what it shows, in words, for who can't see it.
        caption: said below; may be empty.
    """

    name: str
    png: bytes
    alternative: str
    caption: Text = ""
    svg: bytes = b""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, as the PNG's header has them (PNG 1.2, section 4.1.1)."""
        width, height = struct.unpack(">II", self.png[16:24])
        return width, height


Block: TypeAlias = Heading | Paragraph | Items | Code | Formula | Matrix | Table | Figure


@dataclass(frozen=True)
class Document:
    """A title and blocks in reading order.

    Attributes:
        title: one line; may be empty.
        blocks: in reading order.
        origins: the records that values are from.
        banner: said on every page; may be empty.
    """

    title: str
    blocks: tuple[Block, ...]
    origins: tuple[Origin, ...] = ()
    banner: str = ""

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All of them, in order."""
        return tuple(block for block in self.blocks if isinstance(block, Figure))


def plain(text: Text) -> str:
    """The words of a text, its values as they are printed."""
    return "".join(piece if isinstance(piece, str) else piece.text for piece in pieces(text))


def pieces(text: Text) -> tuple[str | Value, ...]:
    """A text as words and values in turn, its marks left out; a link has its address behind it."""
    return (text,) if isinstance(text, str) else tuple(_unmarked(text))


def _unmarked(text: tuple[str | Value | Marked, ...]) -> Iterator[str | Value]:
    for piece in text:
        if isinstance(piece, Marked):
            yield from _unmarked(piece.text)
            if piece.address and piece.address != plain(piece.text):
                yield f" ({piece.address})"
        else:
            yield piece
