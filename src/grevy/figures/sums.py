"""The sum of one output cell in words and numbers, as it stands below a figure."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from grevy.arithmetic.exact import shown
from grevy.arithmetic.worked import Cell, Number, Term, Worked

PRODUCTS = 60
"""At most so many products of a channel, or values of a window, are written out."""

LONGEST = 9
"""Characters of the longest number that is written exactly into a cell."""


def short(value: Number, decimals: bool) -> str:
    """The exact number, or "≈" and three digits where that has more than 9 characters."""
    text = shown(value, decimals)
    if len(text) <= LONGEST:
        return text
    rounded = Decimal(value.numerator) / Decimal(value.denominator)
    return f"≈{rounded:.3g}".replace("e+", "e").replace("-", "−")


def place(worked: Worked, cell: Cell) -> str:
    """The cell as it is addressed: "result[1, 2]", with the filter in front if there are more."""
    filters = [str(cell.filter)] if len(worked.output_FHW) > 1 else []
    return f"result[{', '.join([*filters, str(cell.row), str(cell.column)])}]"


def sum_lines(worked: Worked, cell: Cell, channels: Container[int]) -> list[str]:
    """How `cell` came about, product by product, values from the padding in square brackets.

    Args:
        worked: to which the cell belongs.
        cell: with its terms.
        channels: those written out; all others are given by their common sum.
    """
    name, write = place(worked, cell), _Writer(worked.decimals)
    value = write.alone(cell.value)
    if worked.operation == "max pooling":
        return [f"{name} = max({write.values(cell.terms, ', ')}) = {value}"]
    if worked.operation == "average pooling":
        return [f"{name} = ({write.values(cell.terms, ' + ')}) / {cell.divisor} = {value}"]
    bias = f" + {write.factor(cell.bias)} (bias)" if cell.bias else ""
    if len({term.channel for term in cell.terms}) <= 1:
        return [f"{name} = {write.products(cell.terms)}{bias} = {value}"]
    lines, sums = _by_channel(cell.terms, channels, write)
    return [*lines, f"{name} = {' + '.join(map(write.factor, sums))}{bias} = {value}"]


def _by_channel(
    terms: Sequence[Term], channels: Container[int], write: _Writer
) -> tuple[list[str], list[Number]]:
    """A line and a sum for each channel, and one for all together that are not shown."""
    lines, sums = [], []
    parts = [(c, tuple(part)) for c, part in groupby(terms, key=lambda term: term.channel)]
    for channel, part in parts:
        if channel in channels:
            sums.append(_total(part))
            lines.append(f"channel {channel}: {write.products(part)} = {write.alone(sums[-1])}")
    rest = [_total(part) for channel, part in parts if channel not in channels]
    if rest:
        sums.append(sum(rest))
        more = f"{len(rest):,} more channels together" if len(rest) > 1 else "1 more channel"
        lines.append(f"{more}: {write.alone(sums[-1])}")
    return lines, sums


def _total(terms: Sequence[Term]) -> Number:
    return sum((term.value * (term.weight or 0) for term in terms), start=0)


@dataclass(frozen=True)
class _Writer:
    """Numbers as text; `decimals` as in `shown`."""

    decimals: bool

    def alone(self, value: Number) -> str:
        return shown(value, self.decimals)

    def factor(self, value: Number) -> str:
        """A number inside a sum or product: in brackets where its sign or bar could be misread."""
        text = self.alone(value)
        return f"({text})" if text.startswith("−") or "/" in text else text

    def value(self, term: Term) -> str:
        return f"[{self.alone(term.value)}]" if term.padding else self.factor(term.value)

    def products(self, terms: Sequence[Term]) -> str:
        """Such as "[0]·(−1) + 3·2"."""
        if not terms:
            return "0 (no cell of the image reaches it)"
        written = [f"{self.value(t)}·{self.factor(t.weight or 0)}" for t in terms[:PRODUCTS]]
        return " + ".join([*written, *_more(terms, "products")])

    def values(self, terms: Sequence[Term], separator: str) -> str:
        return separator.join([*map(self.value, terms[:PRODUCTS]), *_more(terms, "values")])


def _more(terms: Sequence[Term], what: str) -> list[str]:
    left = len(terms) - PRODUCTS
    return [f"… ({left:,} more {what})"] if left > 0 else []
