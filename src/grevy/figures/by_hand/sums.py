"""The sum of one output cell, as it stands below a figure, and numbers short enough for cells."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import groupby

from grevy.arithmetic.calculation import Calculation, Cell, Number, Term
from grevy.arithmetic.exact import shown
from grevy.arithmetic.sum_formula import cell_formula

LONGEST = 9
"""Characters of the longest number that is written exactly into a cell."""


def short(value: Number, decimals: bool) -> str:
    """The exact number, or "≈" and three digits where that has more than 9 characters."""
    text = shown(value, decimals)
    if len(text) <= LONGEST:
        return text
    rounded = Decimal(value.numerator) / Decimal(value.denominator)
    return f"≈{rounded:.3g}".replace("e+", "e").replace("-", "−")


def sum_lines(worked: Calculation, cell: Cell, channels: Container[int]) -> list[str]:
    """How `cell` came about, product by product, values from the padding in square brackets.

    Args:
        worked: to which the cell belongs.
        cell: with its terms.
        channels: those written out, each on a line with its own sum if there are several; all
            others are given by their common sum.
    """
    whole = cell_formula(worked, cell).text
    parts = [(c, tuple(terms)) for c, terms in groupby(cell.terms, key=lambda term: term.channel)]
    if len(parts) <= 1:
        return [whole]
    lines = [
        f"channel {channel}: {_of_channel(worked, cell, terms)}"
        for channel, terms in parts
        if channel in channels
    ]
    sums = [_total(terms) for channel, terms in parts if channel in channels]
    rest = [_total(terms) for channel, terms in parts if channel not in channels]
    if rest:
        sums.append(sum(rest))
        more = f"{len(rest):,} more channels together" if len(rest) > 1 else "1 more channel"
        lines.append(f"{more}: {shown(sums[-1], worked.decimals)}")
    addends = [*sums, cell.bias] if any(worked.bias_F) else sums
    name, value = whole.partition(" = ")[0], shown(cell.value, worked.decimals)
    return [
        *lines,
        f"{name} = {' + '.join(_addend(a, worked.decimals) for a in addends)} = {value}",
    ]


def _of_channel(worked: Calculation, cell: Cell, terms: tuple[Term, ...]) -> str:
    """What this channel adds to the cell, written as if there were no other and no bias."""
    alone = replace(cell, terms=terms, bias=0, value=_total(terms))
    return cell_formula(replace(worked, bias_F=()), alone).text.partition(" = ")[2]


def _total(terms: Sequence[Term]) -> Number:
    return sum((term.value * (term.weight or 0) for term in terms), start=0)


def _addend(value: Number, decimals: bool) -> str:
    text = shown(value, decimals)
    return f"({text})" if value < 0 else text
