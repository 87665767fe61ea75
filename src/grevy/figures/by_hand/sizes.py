"""How large everything of a worked convolution is drawn, and where: columns of panels."""

from __future__ import annotations

from dataclasses import dataclass

from grevy.figures.by_hand.panel import Panel
from grevy.figures.by_hand.sheets import Sheet
from grevy.figures.page import MARGIN, SMALL, TEXT, line_height, text_width, wrap
from grevy.figures.render import shown_size

GAP, _INDICES = 0.62, 0.2
"""Inches between columns, and for the numbers of rows and columns."""

_HEADING = 1.5
"""Inches that a heading may take where its panel is narrower."""

_NARROWEST, _COMFORTABLE = 6.5, 9.5
_CELL = (0.3, 0.42, 0.55)
"""Sides of a cell: the least, the usual, and with long numbers."""

_FEW = 12
"""So many cells beside each other always have the usual size."""

_ROOM = 0.1
_LEAST_TEXT = 7.0
_PICTURE, _PICTURE_OF_SEVERAL = 2.8, 1.9
_ROW_GAP = 0.62

Columns = list[list[Sheet]]
"""A sheet for each channel in every column; the last column is the output alone."""


@dataclass(frozen=True)
class Sizes:
    """How large things are drawn, in inches.

    Attributes:
        cell: height and width of a cell with a number.
        text: points of the numbers.
        picture: longer side of a picture.
        gap: from one channel to the next.
    """

    cell: tuple[float, float]
    text: float
    picture: float
    gap: float

    @classmethod
    def of(cls, columns: Columns) -> Sizes:
        """Cells that hold their numbers on a page of a comfortable width where that can be."""
        several = len(columns[0]) > 1
        pictures = [column for column in columns if not column[0].written]
        across = sum(column[0].shape[1] for column in columns if column[0].written)
        picture = _PICTURE_OF_SEVERAL if several else _PICTURE
        room = _COMFORTABLE - GAP * len(columns) - picture * len(pictures)
        written = [column[0].shape[0] for column in columns[:-1] if column[0].written]
        down = len(columns[0]) * max(written, default=0)
        side = min(room / across if across > _FEW else _CELL[1], _COMFORTABLE / max(down, 1))
        side = min(max(side, _CELL[0]), _CELL[1])
        size = TEXT * side / _CELL[1]
        longest = _longest([sheet for column in columns for sheet in column])
        if text_width(longest, size) + _ROOM > side:
            side = min(text_width(longest, size) + _ROOM, _CELL[2])
            size = max(size * min(1, (side - _ROOM) / text_width(longest, size)), _LEAST_TEXT)
        width = max(side, text_width(longest, size) + _ROOM)
        return cls((side, width), size, picture, _ROW_GAP if several else 0.0)

    def cell_of(self, sheet: Sheet) -> tuple[float, float]:
        """Height and width of a cell, or of a pixel."""
        if sheet.written:
            return self.cell
        height, width = shown_size(sheet.shape, self.picture)
        return height / sheet.shape[0], width / sheet.shape[1]

    def height(self, sheet: Sheet) -> float:
        """Of a panel."""
        return sheet.shape[0] * self.cell_of(sheet)[0]

    def width(self, sheet: Sheet) -> float:
        """Of a panel."""
        return sheet.shape[1] * self.cell_of(sheet)[1]

    def head(self, sheet: Sheet) -> float:
        """Height of the heading with its distance from the panel."""
        name, about = heading_lines(sheet, self.width(sheet))
        return len(name) * line_height() + len(about) * line_height(SMALL) + above(sheet)

    def column_width(self, column: list[Sheet]) -> float:
        """Of the widest panel, or of the heading if that is wider."""
        name, about = heading_lines(column[0], self.width(column[0]))
        texts = [text_width(line) for line in name] + [text_width(line, SMALL) for line in about]
        return max(*map(self.width, column), *texts)

    def page_width(self, columns: Columns) -> float:
        """With margins."""
        widths = sum(map(self.column_width, columns)) + GAP * (len(columns) - 1)
        return max(widths + _INDICES + 2 * MARGIN, _NARROWEST)

    def row_heights(self, columns: Columns) -> list[float]:
        """Of each channel."""
        return [max(map(self.height, row)) for row in zip(*columns[:-1], strict=True)]

    def block(self, columns: Columns) -> float:
        """Height of all panels together."""
        rows = self.row_heights(columns)
        return max(sum(rows) + self.gap * (len(rows) - 1), self.height(columns[-1][0]))

    def place(self, columns: Columns, head: float) -> list[list[Panel]]:
        """All panels, each in the middle of its column and row; the output in that of all."""
        rows, block = self.row_heights(columns), self.block(columns)
        top = head + (block - sum(rows) - self.gap * (len(rows) - 1)) / 2
        middles = [top + sum(rows[:i]) + self.gap * i + height / 2 for i, height in enumerate(rows)]
        placed, left = [], MARGIN + _INDICES
        for column in columns:
            centre = left + self.column_width(column) / 2
            heights = [head + block / 2] if column is columns[-1] else middles
            placed.append(
                [self._panel(s, centre, middle) for s, middle in zip(column, heights, strict=True)]
            )
            left += self.column_width(column) + GAP
        return placed

    def _panel(self, sheet: Sheet, centre: float, middle: float) -> Panel:
        left, top = centre - self.width(sheet) / 2, middle - self.height(sheet) / 2
        return Panel(sheet, left, top, self.cell_of(sheet), self.text)


def _longest(sheets: list[Sheet]) -> str:
    """The widest number, or "−0.0": cells are not made for single digits only.

    A window shows any part of its image, so its image counts in full.
    """
    enlarged = any(sheet.written and sheet.name.startswith("window") for sheet in sheets)
    counted = [s for s in sheets if s.written or (enlarged and s.name.startswith("image"))]
    texts = {sheet.text(*cell) for sheet in counted for cell in sheet.cells()} | {"−0"}
    longest = max(map(len, texts))
    return max((text for text in texts if len(text) >= longest - 1), key=text_width)


def heading_lines(sheet: Sheet, width: float) -> tuple[list[str], list[str]]:
    """Lines of a sheet's name, and of what is said about it, over a panel of this width."""
    room = max(width, _HEADING)
    about = [line for text in sheet.heading[1:] for line in wrap(text, room, SMALL)]
    return wrap(sheet.heading[0], room), about


def above(sheet: Sheet) -> float:
    """Inches between a panel and its heading."""
    return 0.06 + (_INDICES if has_indices(sheet) else 0.0)


def has_indices(sheet: Sheet) -> bool:
    """Whether its rows and columns are numbered."""
    return sheet.written and sheet.name.startswith(("image", "output"))
