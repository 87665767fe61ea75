"""Class names and titles in any script, as text that the fonts of this machine can draw.

Matplotlib draws an empty box for a character that its font lacks, so that two classes may look
the same. Here such a character is drawn with another installed font, and where no font has it,
as its code point ("U+732B"), which a note below the figure explains.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from grevy.cleaning import clean

BASE_FAMILY = "DejaVu Sans"
"""Comes with Matplotlib, so that figures look the same on every machine."""


@dataclass(frozen=True)
class Lettering:
    """The fonts that together draw some texts.

    Attributes:
        families: font families in order of preference.
        missing: characters that none of them has.
    """

    families: tuple[str, ...]
    missing: frozenset[str]

    def line(self, text: str, width: int = 200) -> str:
        """`text` on one line of at most `width` characters, shortened in the middle.

        Missing characters become their code points (after shortening: the line may be longer),
        and a dollar sign stays one instead of opening a formula.
        """
        short = shorten(" ".join(clean(text).split()), width)
        return self._code_points(short).replace("$", r"\$")

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader must be told about the characters: nothing, or one sentence."""
        if not self.missing:
            return ()
        return (
            "U+ and a number stand for a character that no font on this machine draws; "
            "install a font that has it, such as Noto Sans CJK for Chinese, Japanese and Korean.",
        )

    def _code_points(self, text: str) -> str:
        if not self.missing:
            return text
        run = "[" + re.escape("".join(sorted(self.missing))) + "]+"
        return re.sub(run, lambda match: " ".join(f"U+{ord(c):04X}" for c in match[0]), text)


def lettering_for(texts: Iterable[str]) -> Lettering:
    """The fonts for `texts`: the base font, and others only for what it lacks."""
    return _lettering(frozenset("".join("".join(clean(text).split()) for text in texts)))


def shorten(text: str, width: int) -> str:
    """At most `width` characters: start and end stay, for names often differ at their end."""
    if len(text) <= width:
        return text
    end = (width - 1) // 2
    return f"{text[: width - 1 - end].rstrip()}…{text[len(text) - end :].lstrip()}"


@lru_cache(maxsize=64)
def _lettering(characters: frozenset[str]) -> Lettering:
    families, missing = [BASE_FAMILY], characters - _drawn_by(_base_file(), characters)
    for family, file in _installed_fonts():
        if not missing:
            break
        drawn = _drawn_by(file, missing)
        if drawn:
            families.append(family)
            missing -= drawn
    return Lettering(tuple(families), missing)


def _base_file() -> str:
    from matplotlib.font_manager import findfont

    return str(findfont(BASE_FAMILY))


def _installed_fonts() -> Iterator[tuple[str, str]]:
    """Family and file of every upright font, sans-serif first; no font of placeholder boxes."""
    from matplotlib.font_manager import fontManager

    upright = {entry.name: entry.fname for entry in fontManager.ttflist if entry.style == "normal"}
    for family in sorted(upright, key=lambda family: ("Sans" not in family, family)):
        if not family.startswith("Last Resort"):
            yield family, upright[family]


def _drawn_by(file: str, characters: frozenset[str]) -> frozenset[str]:
    from matplotlib.ft2font import FT2Font

    try:
        font = FT2Font(file)
    except (OSError, RuntimeError):  # gone, or bitmaps only: it draws nothing for Matplotlib
        return frozenset()
    return frozenset(c for c in characters if font.get_char_index(ord(c)))
