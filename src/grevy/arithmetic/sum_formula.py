"""The sum of one output cell as a line of arithmetic, for people and for LaTeX."""

from __future__ import annotations

from dataclasses import dataclass

from grevy.arithmetic.calculation import Calculation, Cell, Number, Term
from grevy.arithmetic.exact import shown
from grevy.documents.blocks import Formula

MOST_TERMS = 200
"""Written out in one sum; how many more there are is said."""

_IN_A_LINE = 9
"""Terms in one line of LaTeX, which does not break displayed formulas."""


@dataclass(frozen=True)
class _Script:
    """How arithmetic is written; the texts with %s are templates."""

    name: str
    minus: str
    times: str
    fraction: str
    padding: str
    maximum: str
    mean: str
    more: str
    next_line: str
    bare_fractions: bool
    """A fraction is one thing to the eye, so that a product needs no parentheses around it."""


_TEXT = _Script(
    name="output[%s]",
    minus="−",
    times="·",
    fraction="%s/%s",
    padding="[%s]",
    maximum="max(%s)",
    mean="(%s)/%s",
    more="… (%s more)",
    next_line="",
    bare_fractions=False,
)
_LATEX = _Script(
    name=r"\mathrm{output}_{%s}",
    minus="-",
    times=r" \cdot ",
    fraction=r"\frac{%s}{%s}",
    padding=r"\boxed{%s}",
    maximum=r"\max(%s)",
    mean=r"\frac{1}{%s} \cdot (%s)",
    more=r"\ldots \text{ (%s more)}",
    next_line=r" \\ &\quad ",
    bare_fractions=True,
)


def cell_formula(worked: Calculation, cell: Cell) -> Formula:
    """`output[1, 2] = (−1)·[0] + 0·3 + … = 11`, padding in brackets or, in LaTeX, in boxes.

    In an output of several filters or channels the cell's first index is the filter. More than
    `MOST_TERMS` terms are counted instead of written.
    """
    latex = _written(worked, cell, _LATEX)
    if _LATEX.next_line in latex:
        latex = rf"\begin{{aligned}} {latex} \end{{aligned}}"
    else:
        latex = latex.replace("&", "", 1)
    return Formula(_written(worked, cell, _TEXT), latex)


def _place(worked: Calculation, cell: Cell) -> str:
    """The cell's indices: row, column, and before them the filter where there are several."""
    row_column = f"{cell.row}, {cell.column}"
    return row_column if is_flat(worked) else f"{cell.filter}, {row_column}"


def is_flat(worked: Calculation) -> bool:
    """Whether there is one channel and one filter, so that the output is a plain matrix."""
    return len(worked.image_CHW) == 1 and len(worked.output_FHW) == 1


def _written(worked: Calculation, cell: Cell, script: _Script) -> str:
    align = "&" if script.next_line else ""
    left = script.name % _place(worked, cell)
    value = _number(cell.value, script, worked.decimals)
    middle = _terms(worked, cell, script)
    parts = [part for part in (middle, value) if part]
    return f"{left} {align}= {' = '.join(parts)}"


def _terms(worked: Calculation, cell: Cell, script: _Script) -> str:
    """What stands between the cell's name and its value; nothing if that would say the same."""
    if worked.operation == "max pooling":
        return script.maximum % _joined(worked, cell, script, ", ")
    total = _joined(worked, cell, script, " + ")
    if worked.operation == "average pooling":
        both = (total, str(cell.divisor))
        return script.mean % (both[::-1] if script.next_line else both)
    if not any(worked.bias_F):
        return total
    return f"{total or '0'} + {_addend(cell.bias, script, worked.decimals)}"


def _joined(worked: Calculation, cell: Cell, script: _Script, sign: str) -> str:
    write = _value if worked.operation == "max pooling" else _term
    terms = [write(term, script, worked.decimals) for term in cell.terms[:MOST_TERMS]]
    if len(cell.terms) > MOST_TERMS:
        terms.append(script.more % f"{len(cell.terms) - MOST_TERMS:,}")
    if not script.next_line:
        return sign.join(terms)
    lines = [sign.join(terms[at : at + _IN_A_LINE]) for at in range(0, len(terms), _IN_A_LINE)]
    after, before = (", ", "") if sign == ", " else ("", "+ ")
    return (after.rstrip() + script.next_line + before).join(lines)


def _term(term: Term, script: _Script, decimals: bool) -> str:
    """A product, or in average pooling an addend."""
    if term.padding:
        value = _value(term, script, decimals)
    else:
        put = _addend if term.weight is None else _factor
        value = put(term.value, script, decimals)
    if term.weight is None:
        return value
    return _factor(term.weight, script, decimals) + script.times + value


def _value(term: Term, script: _Script, decimals: bool) -> str:
    """What stands under the window, marked where it is padding."""
    written = _number(term.value, script, decimals)
    return script.padding % written if term.padding else written


def _factor(value: Number, script: _Script, decimals: bool) -> str:
    is_fraction = "/" in shown(value, decimals) and not script.bare_fractions
    written = _number(value, script, decimals)
    return f"({written})" if value < 0 or is_fraction else written


def _addend(value: Number, script: _Script, decimals: bool) -> str:
    written = _number(value, script, decimals)
    return f"({written})" if value < 0 else written


def _number(value: Number, script: _Script, decimals: bool) -> str:
    text = shown(-value if value < 0 else value, decimals)
    sign = script.minus if value < 0 else ""
    return sign + (script.fraction % tuple(text.split("/")) if "/" in text else text)
