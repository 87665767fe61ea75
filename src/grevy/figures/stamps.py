"""Many short lines of small text, drawn fast: each letter is one shape, stamped wherever it stands.

A grid of 128 tiles has some 3,000 letters in 500 lines. As ordinary text they take ten times as
long as everything else on the page; as stamps they take a twentieth of a second, and an SVG holds
each letter once. The price: letters stand on whole pixels, one beside the other, without kerning.
That suits numbers and words in Latin, Greek and Cyrillic; other scripts are drawn as usual.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from grevy.figures.colours import INK
from grevy.figures.page import DPI, Page, snap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path

_SIMPLE = re.compile(r"[\u0020-\u024f\u0370-\u03ff\u0400-\u04ff\u2000-\u2fff]*")


@dataclass(frozen=True)
class Line:
    """One line of text and where it stands.

    Attributes:
        text: as `Lettering.line` made it.
        left: inches from the left edge of the page.
        base: inches from below the title to the line that the letters stand on.
    """

    text: str
    left: float
    base: float


def stamp_width(text: str, size: float) -> float:
    """Inches that a line takes when it is stamped."""
    families = _families()
    return sum((_advance(letter, size, families) for letter in _plain(text)), 0.0)


def stamp_lines(text: str, width: float, size: float) -> list[str]:
    """`text` in lines of at most `width` inches, broken at spaces; a longer word keeps its line."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and stamp_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def stamp(page: Page, canvas: Axes, lines: Sequence[Line], size: float, colour: str = INK) -> None:
    """Draw all these lines.

    Args:
        page: on which they stand.
        canvas: of that page.
        lines: what and where.
        size: of the letters, in points.
        colour: of all of them.
    """
    simple = [line for line in lines if _SIMPLE.fullmatch(line.text)]
    for line in (line for line in lines if not _SIMPLE.fullmatch(line.text)):
        page.text(line.left, line.base, line.text, size=size, color=colour, va="baseline")
    families = _families()
    words = "\n".join(line.text for line in simple)
    for letter, places in _places(simple, size, families).items():
        _stamp_letter(canvas, _shape(letter, size, families), places, colour, words)
        words = ""


def _places(
    lines: Iterable[Line], size: float, families: tuple[str, ...]
) -> dict[str, list[tuple[float, float]]]:
    """Where each letter stands, in inches on the canvas."""
    places = defaultdict(list)
    for line in lines:
        left, base = snap(line.left), snap(line.base)
        for letter in _plain(line.text):
            if letter.strip():
                places[letter].append((left, base))
            left += _advance(letter, size, families)
    return places


def _stamp_letter(
    canvas: Axes, shape: Path, places: list[tuple[float, float]], colour: str, words: str
) -> None:
    """One letter everywhere; the label holds the words, for who looks for them in the figure."""
    from matplotlib.collections import PathCollection
    from matplotlib.transforms import Affine2D

    letters = PathCollection(
        [shape], offsets=places, offset_transform=canvas.transData, facecolors=[colour],
        linewidths=0, label=words, gid="stamps", zorder=3, snap=False,
    )  # fmt: skip
    letters.set_transform(Affine2D().scale(1 / 72) + canvas.figure.dpi_scale_trans)
    canvas.add_collection(letters, autolim=False)


def _plain(text: str) -> str:
    """Without the sign that keeps a dollar from opening a formula: nothing here reads formulas."""
    return text.replace(r"\$", "$")


def _families() -> tuple[str, ...]:
    """The fonts of the surrounding `drawing` block."""
    from matplotlib import rcParams

    return tuple(rcParams["font.family"])


@lru_cache(maxsize=4096)
def _advance(letter: str, size: float, families: tuple[str, ...]) -> float:
    """Inches from this letter to the next, in whole pixels."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=list(families), size=size)
    with_letter, without = (
        text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]
        for text in (f"|{letter}|", "||")
    )
    return max(1, round((with_letter - without) / 72 * DPI)) / DPI


@lru_cache(maxsize=4096)
def _shape(letter: str, size: float, families: tuple[str, ...]) -> Path:
    """The outline of a letter in points, from the place where it stands."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    return TextPath((0, 0), letter, size=size, prop=FontProperties(family=list(families)))
