"""Small pictures in bands, one band a question: filters, activations, class maps.

What is asked is the largest: the picture and what was found on it. Every band has its heading, its
scale beside it and one line of numbers; columns are the same in all bands. Tiles are enlarged by
whole numbers, so that every value is a square.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from grevy.errors import InputError
from grevy.figures.scale import Scale
from grevy.figures.tile_grid import Tile

if TYPE_CHECKING:
    pass

__all__ = ["Band", "Sheet", "Tile", "paged", "pages"]

MOST = 128
"""`paged` shows at most so many tiles."""

IN_A_ROW = 8
"""So many tiles beside each other are seen well."""

_FEW, _MANY, _FINE = 10, 16, 32
"""Up to _FEW tiles are one row. Of more than _MANY tiles so many stand in a row, unless one has
more than _FINE values on a side: then they are IN_A_ROW, so that each value can be seen."""

PICTURE, ASKED = 1.6, 3.0
"""Inches: a picture as it is given to the network, and one about which something is asked."""


@dataclass(frozen=True)
class Band:
    """Tiles that belong together.

    Attributes:
        rows: of tiles, from the top.
        title: above them: what they are.
        numbers: one line for all of them; "": each tile has its own below it.
        scale: what they were rendered with; None where they are in colours of their own.
        over: whether the scale tints a picture instead of being drawn plainly.
        inches: to which its tiles are brought, such as PICTURE; 0: as those of the other bands.
        group: so many tiles belong together and stand apart from the next; 0: all do.
    """

    rows: tuple[Sequence[Tile], ...]
    title: str = ""
    numbers: str = ""
    scale: Scale | None = None
    over: bool = False
    inches: float = 0.0
    group: int = 0

    def tiles(self) -> Iterator[Tile]:
        """All of them."""
        return (tile for row in self.rows for tile in row)


@dataclass(frozen=True)
class Sheet:
    """What stands on a page of tiles, not drawn yet, so that two can be put side by side.

    Attributes:
        name: of the network.
        topic: what of it is shown.
        bands: from the top.
        lines: what was found, as sentences.
        notes: what the reader must know to read the page.
    """

    name: str
    topic: str
    bands: tuple[Band, ...]
    lines: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[Sequence[Tile], ...]:
        """Of tiles, of all bands."""
        return tuple(row for band in self.bands for row in band.rows)

    @property
    def row_titles(self) -> tuple[str, ...]:
        """Of the band, for each row."""
        return tuple(band.title for band in self.bands for _ in band.rows)

    @property
    def scales(self) -> tuple[Scale, ...]:
        """Each once."""
        return tuple(dict.fromkeys(band.scale for band in self.bands if band.scale is not None))


def pages(tiles: int, most: int = MOST) -> int:
    """How many pages `paged` makes of so many tiles."""
    return max(1, -(-tiles // most))


def paged(
    tiles: Sequence[Tile], page: int = 1, most: int = MOST
) -> tuple[list[Sequence[Tile]], tuple[str, ...]]:
    """Rows of one page of many tiles, and the note that says what is not on it.

    Args:
        tiles: all of them, in order.
        page: counted from 1.
        most: tiles on a page.

    Raises:
        InputError: no such page.
    """
    count = pages(len(tiles), most)
    if not 1 <= page <= count:
        raise InputError(
            f"page {page}",
            f"1 to {count}: {len(tiles):,} tiles, {most} a page",
            "choose one of these pages",
        )
    first = (page - 1) * most
    shown = tiles[first : first + most]
    note = (
        f"Page {page} of {count}: {first + 1:,} to {first + len(shown):,} of {len(tiles):,} shown."
    )
    return in_rows(shown, _columns(shown)), (note,) if count > 1 else ()


def in_rows(tiles: Sequence[Tile], columns: int = IN_A_ROW) -> list[Sequence[Tile]]:
    """So many in a row, from the first on."""
    return [tiles[start : start + columns] for start in range(0, len(tiles), columns)]


def untitled(band: Band) -> Band:
    """Without titles of the tiles, for those that stand below others of the same titles."""
    rows = tuple([replace(tile, title="") for tile in row] for row in band.rows)
    return replace(band, rows=rows)


def _columns(tiles: Sequence[Tile]) -> int:
    """How many of these stand in a row."""
    finest = max((max(tile.picture_HW3.shape[:2]) for tile in tiles), default=1)
    if len(tiles) <= _FEW and finest <= _FINE:
        return _FEW
    return _MANY if len(tiles) > _MANY and finest <= _FINE else IN_A_ROW
