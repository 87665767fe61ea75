"""The equations of sizes as text and LaTeX, with numbers or names put in."""

from __future__ import annotations

import re
from typing import Literal

from grevy.documents.blocks import Formula

Symbol = int | str
"""A number, or the name of an unknown."""

Rounding = Literal["", "floor", "ceil"]
BRACKETS = {"": ("", ""), "floor": ("⌊", "⌋"), "ceil": ("⌈", "⌉")}


def window_equation(
    size: Symbol,
    kernel: Symbol,
    stride: Symbol,
    padding: Symbol | tuple[Symbol, Symbol],
    dilation: Symbol,
    output: Symbol,
    rounding: Rounding,
) -> Formula:
    """(n + 2·p − d·(k − 1) − 1)/s + 1 = o, with brackets where the division is rounded."""
    over = f"{size} + {_both(padding, '+')} − {dilation}·({kernel} − 1) − 1"
    left, right = BRACKETS[rounding]
    text = f"{left}({over})/{stride}{right} + 1 = {_grouped(output)}"
    fraction = rf"\frac{{{_latex(over)}}}{{{_latex(str(stride))}}}"
    if rounding:
        fraction = rf"\left\l{rounding} {fraction} \right\r{rounding}"
    return Formula(text, f"{fraction} + 1 = {_latex(str(output))}")


def transposed_equation(
    size: Symbol,
    kernel: Symbol,
    stride: Symbol,
    padding: Symbol | tuple[Symbol, Symbol],
    dilation: Symbol,
    output_padding: Symbol,
    output: Symbol,
) -> Formula:
    """(n − 1)·s − 2·p + d·(k − 1) + a + 1 = o, a the output padding."""
    rows = (
        f"({size} − 1)·{stride} − {_both(padding, '−')} + {dilation}·({kernel} − 1)"
        f" + {output_padding} + 1"
    )
    return Formula(f"{rows} = {_grouped(output)}", _latex(f"{rows} = {output}"))


def _grouped(value: Symbol) -> str:
    """A number with commas between thousands; a name as it is."""
    return f"{value:,}" if isinstance(value, int) else value


def _latex(text: str) -> str:
    """Arithmetic in Unicode as LaTeX; words are set upright, single letters as variables."""
    signs = text.replace("·", r" \cdot ").replace("−", "-")
    return re.sub(r"(?<!\\)\b[a-z]{2,}(?: [a-z]+)*", r"\\text{\g<0>}", signs)


def _both(padding: Symbol | tuple[Symbol, Symbol], sign: str) -> str:
    """Padding of both sides: 2·p where they are equal."""
    if not isinstance(padding, tuple):
        return f"2·{padding}"
    before, after = padding
    return f"2·{before}" if before == after else f"{before} {sign} {after}"
