"""The page that every figure is drawn on: one style, a title, notes, and places in inches.

Places are measured from the top left corner below the title. They are given in inches instead of
parts of the figure, so that text keeps its size, nothing is cut, and no space is left over; and
they snap to whole pixels, so that an enlarged picture has pixels of one size.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grevy.figures.colours import FAINT, INK
from grevy.figures.lettering import BASE_FAMILY, Lettering, lettering_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 150
"""Pixels an inch of every PNG."""

MARGIN = 0.15
"""Inches around everything."""

TEXT = 9.0
SMALL = 7.5
"""Font sizes in points."""

_TITLE = 11.0
_STYLE: dict[str, Any] = {
    "font.family": [BASE_FAMILY],
    "font.size": TEXT,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.formatter.limits": (-4, 7),
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": "#E5E5E5",
    "grid.linewidth": 0.8,
    "legend.frameon": True,
    "legend.framealpha": 0.85,
    "legend.edgecolor": "none",
    "legend.fontsize": TEXT,
    "image.composite_image": False,  # an SVG keeps each picture at its own resolution
    "image.interpolation": "none",
    "svg.fonttype": "path",  # see save.py
    "svg.hashsalt": "grevy",  # ids in an SVG depend on its content only
}


@contextmanager
def drawing(texts: Iterable[str] = ()) -> Iterator[Lettering]:
    """Grevy's style and the fonts for `texts`, inside the block only.

    The reader's own Matplotlib settings don't reach in, and nothing reaches out.
    """
    from matplotlib import style

    lettering = lettering_for(texts)
    with (
        style.context({**_STYLE, "font.family": list(lettering.families)}, after_reset=True),
        _any_weight(),
    ):
        yield lettering


@contextmanager
def _any_weight() -> Iterator[None]:
    """Take a font that exists in another weight only without a line in the log for each text."""
    log = logging.getLogger("matplotlib.font_manager")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


@dataclass(frozen=True)
class Page:
    """A figure and where its content begins.

    Attributes:
        figure: the whole page.
        top: inches that margin and title take.
    """

    figure: Figure
    top: float

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Axes at this place, in inches from the left edge and from below the title."""
        page_width, page_height = self.figure.get_size_inches()
        bottom = page_height - self.top - top - height
        box = (snap(left), snap(bottom), snap(width), snap(height))
        return self.figure.add_axes(
            (box[0] / page_width, box[1] / page_height, box[2] / page_width, box[3] / page_height)
        )

    def canvas(self) -> Axes:
        """Invisible axes over the whole page whose units are inches: many pictures in one axes."""
        page_width, page_height = self.figure.get_size_inches()
        axes = self.figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_autoscale_on(False)
        axes.set(xlim=(0, page_width), ylim=(page_height - self.top, -self.top))
        return axes

    def text(self, left: float, top: float, text: str, **style: Any) -> None:
        """Text with its upper left corner (or what `style` aligns it to) at this place."""
        page_width, page_height = self.figure.get_size_inches()
        place = (left / page_width, 1 - (self.top + top) / page_height)
        self.figure.text(*place, text, **{"va": "top", **style})


def new_page(width: float, height: float, title: str, notes: Sequence[str] = ()) -> Page:
    """An empty page with room for content of this size in inches, below a title, above notes.

    Args:
        width: of the whole page; margins are the drawer's business.
        height: of the content.
        title: as `Lettering.line` made it; wrapped where it is too long for one line.
        notes: sentences about what is not shown or not shown in full.
    """
    from matplotlib.figure import Figure

    room = width - 2 * MARGIN
    head = wrap(title, room, _TITLE)
    foot = [line for note in notes for line in wrap(note, room, SMALL)]
    top = snap(MARGIN + line_height(_TITLE) * len(head) + 0.1)
    bottom = MARGIN + line_height(SMALL) * len(foot)
    page = Page(Figure((snap(width), snap(top + height + bottom)), dpi=DPI), top)
    page.text(MARGIN, MARGIN - top, "\n".join(head), size=_TITLE, gid="title")
    page.text(MARGIN, height + 0.05, "\n".join(foot), size=SMALL, color=FAINT, gid="notes")
    return page


def text_width(text: str, size: float = TEXT) -> float:
    """Inches that one line takes in the fonts of the surrounding `drawing` block."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    width, _, _ = text_to_path.get_text_width_height_descent(
        text, FontProperties(size=size), ismath=False
    )
    return 1.04 * float(width) / 72  # hinting makes the pixels of a PNG up to 4 % wider


def wrap(text: str, width: float, size: float = TEXT) -> list[str]:
    """`text` in lines of at most `width` inches, broken at spaces.

    A word that is too long for a line is broken behind a hyphen, a dot, a slash, an underscore or
    a colon where it has one, and between letters only where it has none.
    """
    lines: list[str] = []
    line = ""
    for piece in _pieces(text, width, size):
        if line and text_width((line + piece).rstrip(" "), size) > width:
            lines.append(line.rstrip(" "))
            line = ""
        line += piece
    return [*lines, line.rstrip(" ")] if line else lines


def _pieces(text: str, width: float, size: float) -> Iterator[str]:
    """Words, and the parts of words that are wider than a line; a space behind each word."""
    for word in text.split(" "):
        fits = text_width(word, size) <= width
        parts = [word] if fits else list(_parts(word, width, size))
        yield from parts[:-1]
        yield parts[-1] + " "


def _parts(word: str, width: float, size: float) -> Iterator[str]:
    """A long word cut behind its punctuation, and only where that is not enough into letters."""
    for part in re.findall(r"[^,;:=/._+…-]+[,;:=/._+…-]*|[,;:=/._+…-]+", word):
        yield from [part] if text_width(part, size) <= width else re.findall(r"\\.|.", part)


def line_height(size: float = TEXT) -> float:
    """Inches from one line to the next."""
    return size * 1.25 / 72


def snap(inches: float) -> float:
    """The nearest whole number of pixels, in inches."""
    return round(inches * DPI) / DPI
