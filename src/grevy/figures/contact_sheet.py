"""A contact sheet: some pictures of every class, as the network will see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grevy.errors import InputError
from grevy.figures.numerals import counted
from grevy.figures.page import MARGIN, drawing, new_page, text_width
from grevy.figures.render import put_picture, shown_size, to_rgb

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROWS, COLUMNS = 20, 10
"""At most so many classes, and pictures of each."""

LARGE = 96
"""Pixels of the longer side beyond which pictures have detail that a thumbnail would hide."""

LARGE_COLUMNS = 5

_PICTURE, _LARGE_PICTURE = 0.6, 1.1
"""Inches to which pictures are brought."""

_GAP = 0.04
_NAME_WIDTH = 40


def columns_for(longer_side: int) -> int:
    """How many pictures of a class are shown that have so many pixels."""
    return LARGE_COLUMNS if longer_side > LARGE else COLUMNS


def draw_contact_sheet(images_NCHW: NDArray[np.uint8], labels: Sequence[str], title: str) -> Figure:
    """One row a class, in the order in which the classes first appear; pictures in columns.

    More than 20 classes, or more than 10 pictures of a class (5 of large ones): the first ones are
    drawn, and a note says so.

    Args:
        images_NCHW: uint8, C = 1 (gray) or 3 (RGB). Only the pictures shown are read.
        labels: class name of each picture.
        title: drawn above.

    Raises:
        InputError: pictures of another type or shape, or not one label for each.
    """
    if len(images_NCHW) != len(labels):
        raise InputError(
            f"{counted(len(images_NCHW), 'picture')} and {counted(len(labels), 'label')}",
            "one label for each picture",
            "pass both for the same pictures",
        )
    pictures = _pictures_by_class(labels)
    columns = columns_for(max(images_NCHW.shape[2:], default=0))
    shown = {label: pictures[label][:columns] for label in list(pictures)[:ROWS]}
    rows = [to_rgb(np.moveaxis(images_NCHW[indices], 1, -1)) for indices in shown.values()]
    with drawing([title, *shown]) as lettering:
        names = [lettering.line(label, _NAME_WIDTH) for label in shown]
        notes = [*_left_out(pictures, columns), *lettering.notes]
        return _draw(rows, names, lettering.line(title), notes)


def _draw(
    rows: list[NDArray[np.uint8]], names: list[str], title: str, notes: Sequence[str]
) -> Figure:
    height, width = size = _shown_size(rows[0].shape[1:3]) if rows else (0.0, 0.0)
    left = MARGIN + max(map(text_width, names), default=0.0) + 0.1
    columns = max(map(len, rows), default=0)
    page_width = max(left + columns * (width + _GAP) + MARGIN, 4.5)
    page = new_page(page_width, len(rows) * (height + _GAP), title, notes)
    canvas = page.canvas()
    for row, (name, pictures_NHW3) in enumerate(zip(names, rows, strict=True)):
        top = row * (height + _GAP)
        page.text(left - 0.1, top + height / 2, name, ha="right", va="center")
        for column, picture_HW3 in enumerate(pictures_NHW3):
            put_picture(canvas, picture_HW3, left + column * (width + _GAP), top, size)
    return page.figure


def _shown_size(shape_HW: tuple[int, ...]) -> tuple[float, float]:
    return shown_size(shape_HW, _LARGE_PICTURE if max(shape_HW) > LARGE else _PICTURE)


def _pictures_by_class(labels: Sequence[str]) -> dict[str, list[int]]:
    """Index of every picture, by class name."""
    pictures: dict[str, list[int]] = {}
    for index, label in enumerate(labels):
        pictures.setdefault(label, []).append(index)
    return pictures


def _left_out(pictures: dict[str, list[int]], columns: int) -> list[str]:
    """What a reader can't see on the sheet."""
    notes = []
    if not pictures:
        notes.append("There is no picture.")
    if len(pictures) > ROWS:
        notes.append(f"The first {ROWS} of {len(pictures):,} classes are shown.")
    if any(len(chosen) > columns for chosen in pictures.values()):
        notes.append(f"The first {columns} pictures of a class are shown.")
    return notes
