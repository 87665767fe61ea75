"""A gallery of mistakes: the pictures that a network is most sure of, and wrong about."""

from __future__ import annotations

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

_GAP, _HEAD = 0.2, 0.12
"""Inches between pictures, and around the line below a heading."""

_BOLD = 0.87
"""Bold letters are wider: so much of the room is for the text when it is not bold."""

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
    """The up to 24 mistakes with the highest probability, in groups: "cat, seen as dog".

    A group holds the mistakes of one true and one predicted class, the most confident first, each
    with its probability. The largest groups come first. Right answers among the input are passed
    over, so a whole split may be given; only the pictures shown are read. Without a mistake the
    page says so in words.

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
    pictures = to_rgb(images_NHWC[shown])
    pairs = [(true_names[i], predicted_names[i]) for i in shown]
    with drawing(
        [title, *(t for pair in pairs for t in pair), *(ids[i] for i in shown)]
    ) as letters:
        members: dict[tuple[str, str], list[_Cell]] = {}
        for pair, picture_HW3, i in zip(pairs, pictures, shown, strict=True):
            cell = _Cell(picture_HW3, percent(probabilities[i]), letters.line(ids[i], _ID_WIDTH))
            members.setdefault(pair, []).append(cell)
        groups = [_Group(_heading(*pair, letters), cells) for pair, cells in members.items()]
        notes = [*_in_words(len(shown), wrong, len(true_names)), *letters.notes]
        size = shown_size(pictures.shape[1:3], PICTURE)
        return _draw(_in_rows(groups), size, letters.line(title), notes)


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
    probability: str
    id: str


@dataclass(frozen=True)
class _Group:
    """Mistakes of one kind that lie beside each other, in one row."""

    heading: str
    cells: list[_Cell]


def _heading(true: str, predicted: str, lettering: Lettering) -> str:
    return f"{lettering.line(true, _NAME_WIDTH)}, seen as {lettering.line(predicted, _NAME_WIDTH)}"


def _in_rows(groups: Sequence[_Group]) -> list[list[_Group]]:
    """The largest groups first, each in the first row where it has room; none is wider than one."""
    parts = [
        _Group(group.heading, group.cells[start : start + COLUMNS])
        for group in sorted(groups, key=lambda group: -len(group.cells))
        for start in range(0, len(group.cells), COLUMNS)
    ]
    rows: list[list[_Group]] = []
    for part in parts:
        taken = [sum(len(other.cells) for other in row) for row in rows]
        place = next((i for i, n in enumerate(taken) if n + len(part.cells) <= COLUMNS), len(rows))
        rows[place:] = [[*rows[place], part], *rows[place + 1 :]] if place < len(rows) else [[part]]
    return rows


def _draw(
    rows: list[list[_Group]], size: tuple[float, float], title: str, notes: Sequence[str]
) -> Figure:
    height, width = size
    step = width + _GAP
    texts = [[wrap(g.heading, _BOLD * (len(g.cells) * step - _GAP)) for g in row] for row in rows]
    heads = [max(map(len, row)) * line_height() + _HEAD for row in texts]
    below = 0.05 + line_height() + line_height(SMALL) + 0.2
    columns = max((sum(len(group.cells) for group in row) for row in rows), default=0)
    page_width = max(2 * MARGIN + columns * step - _GAP, 6.0)
    page = new_page(page_width, sum(heads) + len(rows) * (height + below), title, notes)
    canvas, top = page.canvas(), 0.0
    for row, lines, head in zip(rows, texts, heads, strict=True):
        left = MARGIN
        for group, heading in zip(row, lines, strict=True):
            right = left + len(group.cells) * step - _GAP
            page.text(left, top + head - _HEAD, "\n".join(heading), va="bottom", weight="bold")
            canvas.plot([left, right], [top + head - 0.08] * 2, color=FAINT, lw=0.8)
            for cell in group.cells:
                put_picture(canvas, cell.picture_HW3, left, top + head, size)
                under = top + head + height + 0.05
                page.text(left, under, cell.probability)
                page.text(left, under + line_height(), cell.id, size=SMALL, color=FAINT)
                left += step
        top += head + height + below
    return page.figure


def _in_words(shown: int, wrong: int, given: int) -> list[str]:
    if not given:
        return ["There is no mistake to show."]
    if not wrong:
        these = "this picture" if given == 1 else f"these {given:,} pictures"
        return [f"There is no mistake among {these}."]
    how = "Below each picture: the probability that the network gave its answer, and the picture."
    return [*([f"The {shown} most confident of {wrong:,} mistakes."] if shown < wrong else ()), how]
