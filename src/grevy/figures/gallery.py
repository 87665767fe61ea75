"""A gallery of mistakes: the pictures that a network is most sure of, and wrong about."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grevy.figures.colours import FAINT
from grevy.figures.lettering import Lettering
from grevy.figures.page import MARGIN, SMALL, drawing, line_height, new_page, wrap
from grevy.figures.render import put_picture, shown_size, to_rgb

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MISTAKES, COLUMNS = 24, 6
"""At most so many pictures, and so many in a row."""

PICTURE = 1.28
"""Inches to which pictures are brought."""

_GAP = 0.2
_NO_BREAK = "\N{NO-BREAK SPACE}"
_NAME_WIDTH, _ID_WIDTH = 40, 22


def draw_mistakes(
    images_NHWC: NDArray[np.uint8],
    true_names: Sequence[str],
    predicted_names: Sequence[str],
    probabilities: Sequence[float],
    ids: Sequence[str],
    title: str,
) -> Figure:
    """The up to 24 mistakes with the highest probability, captioned "cat, seen as dog (98 %)".

    Right answers among the input are passed over, so a whole split may be given; only the
    pictures shown are read. Without a mistake the page says so in words.

    Args:
        images_NHWC: uint8, C = 1 (gray) or 3 (RGB), one for each entry of the lists.
        true_names: class name of each picture.
        predicted_names: name of the class with the highest probability.
        probabilities: of that class, 0 to 1.
        ids: of each picture, so that it can be found again.
        title: drawn above.

    Raises:
        InputError: pictures of another type or shape.
    """
    wrong, shown = _most_confident(true_names, predicted_names, probabilities)
    pictures_NHW3 = to_rgb(images_NHWC[shown])
    size = shown_size(pictures_NHW3.shape[1:3], PICTURE)
    texts = [name for i in shown for name in (true_names[i], predicted_names[i], ids[i])]
    with drawing([title, *texts]) as lettering:
        cells = [
            _Cell(
                picture_HW3,
                _caption(true_names[i], predicted_names[i], probabilities[i], size[1], lettering),
                lettering.line(ids[i], _ID_WIDTH),
            )
            for i, picture_HW3 in zip(shown, pictures_NHW3, strict=True)
        ]
        notes = [*_in_words(len(shown), wrong, len(true_names)), *lettering.notes]
        return _draw(cells, size, lettering.line(title), notes)


def percent(probability: float) -> str:
    """Whole percent; near 0 and 1 one digit more, and "100 %" only for 1 itself."""
    if 0.999 < probability < 1.0:
        return f">99.9{_NO_BREAK}%"
    digits = 1 if 0.0 < probability < 0.01 or 0.99 <= probability < 1.0 else 0
    return f"{100 * probability:.{digits}f}{_NO_BREAK}%"


def _most_confident(
    true_names: Sequence[str], predicted_names: Sequence[str], probabilities: Sequence[float]
) -> tuple[int, NDArray[np.int64]]:
    """How many mistakes there are, and where the first 24 are."""
    pairs = enumerate(zip(true_names, predicted_names, strict=True))
    wrong = np.array([i for i, (true, predicted) in pairs if true != predicted], dtype=np.int64)
    order = np.argsort(-np.asarray(probabilities, dtype=np.float64)[wrong], kind="stable")
    return len(wrong), wrong[order][:MISTAKES]


@dataclass(frozen=True)
class _Cell:
    """One picture and what stands below it."""

    picture_HW3: NDArray[np.uint8]
    caption: list[str]
    id: str


def _draw(
    cells: list[_Cell], size: tuple[float, float], title: str, notes: Sequence[str]
) -> Figure:
    height, width = size
    lines = max((len(cell.caption) for cell in cells), default=0)
    cell_height = height + 0.06 + lines * line_height() + line_height(SMALL) + 0.12
    cell_width = width + _GAP
    columns, rows = min(len(cells), COLUMNS), math.ceil(len(cells) / COLUMNS)
    page_width = max(2 * MARGIN + columns * cell_width - _GAP, 6.0)
    page = new_page(page_width, rows * cell_height, title, notes)
    canvas = page.canvas()
    for index, cell in enumerate(cells):
        left = MARGIN + index % COLUMNS * cell_width
        top = index // COLUMNS * cell_height
        put_picture(canvas, cell.picture_HW3, left, top, size)
        below = top + height + 0.06
        page.text(left, below, "\n".join(cell.caption))
        below += len(cell.caption) * line_height()
        page.text(left, below, cell.id, size=SMALL, color=FAINT)
    return page.figure


def _caption(
    true: str, predicted: str, probability: float, width: float, lettering: Lettering
) -> list[str]:
    names = f"{lettering.line(true, _NAME_WIDTH)}, seen as {lettering.line(predicted, _NAME_WIDTH)}"
    return wrap(f"{names} ({percent(probability)})", width + _GAP / 2)


def _in_words(shown: int, wrong: int, given: int) -> list[str]:
    if not given:
        return ["There is no mistake to show."]
    if not wrong:
        return [f"There is no mistake among these {given:,} pictures."]
    return [f"The {shown} most confident of {wrong:,} mistakes."] if shown < wrong else []
