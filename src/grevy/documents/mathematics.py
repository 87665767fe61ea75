"""Matrices in LaTeX's mathematics, which Markdown uses too."""

from __future__ import annotations

import re

from grevy.documents.blocks import Matrix
from grevy.documents.columns import one_line

_NUMBER = re.compile(r"([-+]?[\d.,/]+)(?:e([-+]?\d+))?")
_SPECIALS = {sign: rf"\{sign}" for sign in "{}#%&_$"} | {
    "\\": r"\backslash ",
    "^": r"\wedge ",
    "~": r"\sim ",
    "<": r"\lt ",
    ">": r"\gt ",
    " ": r"\ ",
}


def matrix_body(matrix: Matrix) -> str:
    r"""The rows, with `&` between cells and `\\` between rows; marked cells stand in boxes."""
    return " \\\\\n".join(
        " & ".join(
            rf"\boxed{{{_cell(cell)}}}" if (r, c) in matrix.marked else _cell(cell)
            for c, cell in enumerate(row)
        )
        for r, row in enumerate(matrix.rows)
    )


def _cell(text: str) -> str:
    """A number as mathematics sets it; anything else upright."""
    text = one_line(text).replace("−", "-")
    if number := _NUMBER.fullmatch(text):
        digits, exponent = number.groups()
        power = rf" \cdot 10^{{{exponent}}}" if exponent else ""
        return digits.replace(",", "{,}") + power
    upright = "".join(map(_upright, text))
    return rf"\mathrm{{{upright}}}" if upright else ""


def _upright(character: str) -> str:
    if character.isascii():
        return _SPECIALS.get(character, character)
    return rf"\text{{{character}}}"
