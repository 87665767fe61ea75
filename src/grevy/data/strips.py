"""Pictures in strips of rows: what is computed of one is never in memory for the whole picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

STRIP_PIXELS = 2**20
"""About; a picture of no more is one strip."""

_ON_ITS_SIDE = frozenset(
    {
        Image.Transpose.TRANSPOSE,
        Image.Transpose.ROTATE_270,
        Image.Transpose.TRANSVERSE,
        Image.Transpose.ROTATE_90,
    }
)
_FROM_THE_END = frozenset(
    {
        Image.Transpose.ROTATE_180,
        Image.Transpose.FLIP_TOP_BOTTOM,
        Image.Transpose.ROTATE_270,
        Image.Transpose.TRANSVERSE,
    }
)
"""Turns that bring the first row to the last, or to the last column."""

Place = tuple[slice, slice]
"""Rows and columns in the upright picture."""


class Strip(NamedTuple):
    """Some rows of a picture, set upright, and their place in the upright picture."""

    image: Image.Image
    place: Place


def rows_of(height: int, width: int) -> Iterator[slice]:
    """The rows of each strip."""
    step = max(1, STRIP_PIXELS // max(1, width))
    return (slice(top, min(top + step, height)) for top in range(0, height, step))


def strips(image: Image.Image, turn: Image.Transpose | None) -> Iterator[Strip]:
    """A loaded picture's strips, turned."""
    width, height = image.size
    if width * height <= STRIP_PIXELS:
        upright = image if turn is None else image.transpose(turn)
        yield Strip(upright, (slice(None), slice(None)))
        return
    for rows in rows_of(height, width):
        strip = image.crop((0, rows.start, width, rows.stop))
        yield Strip(strip if turn is None else strip.transpose(turn), place(rows, height, turn))


def place(rows: slice, height: int, turn: Image.Transpose | None) -> Place:
    """Where rows of a picture of this height are after the turn."""
    if turn in _FROM_THE_END:
        rows = slice(height - rows.stop, height - rows.start)
    return (slice(None), rows) if turn in _ON_ITS_SIDE else (rows, slice(None))


def upright_size(image: Image.Image, turn: Image.Transpose | None) -> tuple[int, int]:
    """Height and width after the turn."""
    width, height = image.size
    return (width, height) if turn in _ON_ITS_SIDE else (height, width)


def is_one_colour(pixels_HWC: NDArray[np.uint8]) -> bool:
    """Whether all pixels are the same; one row mostly tells."""
    first_C = pixels_HWC[0, 0]
    rows = rows_of(*pixels_HWC.shape[:2])
    return bool((pixels_HWC[0] == first_C).all()) and all(
        (pixels_HWC[strip] == first_C).all() for strip in rows
    )
