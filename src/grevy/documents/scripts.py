"""Runs of letters that LaTeX's own fonts lack, each with the script whose fonts have them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Literal, TypeAlias

Script: TypeAlias = Literal["", "cjk", "hebrew", "arabic", "other"]
"""Nothing stands for letters that need no other font."""

RIGHT_TO_LEFT = ("hebrew", "arabic")

_BETWEEN = re.compile(r"[ ,.'-]+")
"""What stands between two words of one script and goes their way."""


def code(letter: str) -> str:
    """A letter by its number in Unicode: [U+4E2D]."""
    return f"[U+{ord(letter):04X}]"


def right_to_left(text: str) -> bool:
    """Whether the first letter of `text` is (Unicode Standard Annex 9, rules P2 and P3)."""
    kinds = map(unicodedata.bidirectional, text)
    return next((kind for kind in kinds if kind in {"L", "R", "AL"}), "L") != "L"


def runs(text: str, known: Callable[[str], bool]) -> Iterator[tuple[Script, str]]:
    """`text` in pieces of one script each; words from right to left with the blanks among them.

    Args:
        text: in one line.
        known: whether a letter needs no other font.
    """
    scripts = _scripts(text, known)
    pieces = [
        (script, "".join(letter for _, letter in letters))
        for script, letters in groupby(zip(scripts, text, strict=True), key=lambda pair: pair[0])
    ]
    index = 0
    while index < len(pieces):
        script, words = pieces[index]
        while script in RIGHT_TO_LEFT and _goes_on(pieces, index):
            words += pieces[index + 1][1] + pieces[index + 2][1]
            index += 2
        yield script, words
        index += 1


def _goes_on(pieces: list[tuple[Script, str]], index: int) -> bool:
    after = pieces[index + 1 : index + 3]
    return (
        len(after) == 2
        and after[1][0] == pieces[index][0]
        and _BETWEEN.fullmatch(after[0][1]) is not None
    )


def _scripts(text: str, known: Callable[[str], bool]) -> list[Script]:
    """Of each letter; signs that stand on a letter have that letter's."""
    found: list[Script] = []
    for letter in text:
        marks = unicodedata.combining(letter) and found and found[-1]
        found.append(found[-1] if marks else "" if known(letter) else _script(letter))
    return found


def _script(letter: str) -> Script:
    kind = unicodedata.bidirectional(letter)
    if kind == "AL":
        return "arabic"
    if kind == "R":
        return "hebrew"
    return "cjk" if unicodedata.east_asian_width(letter) in "WF" else "other"
