"""Exact numbers: read from text, Python or NumPy, and written for people and for JSON.

A decimal is the fraction that it writes: "0.5" is 1/2, and a Python float counts as the shortest
decimal that gives it (its `repr`), so 0.1 is 1/10.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from math import isfinite, lcm

from grevy.arithmetic.calculation import Grid, Number
from grevy.errors import NotANumberError

MOST_DIGITS = 400
"""In one number, written out: 1e300 is taken, 1e999999999 would fill the memory."""

_NUMBER = re.compile(r"[+-]?(\d+/\d+|(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)", re.IGNORECASE | re.ASCII)


def exact(value: object, place: str = "a matrix") -> Number:
    """`value` as an int or, where it is no whole number, as a `Fraction`.

    Args:
        value: int, bool, float, `Fraction`, `Decimal`, text ("-3", "0.5", "1e-3", "1/3"), or
            anything whose `tolist` gives one of these, such as a NumPy scalar.
        place: where it stands, for the error.

    Raises:
        NotANumberError: anything else, infinity and NaN included.
    """
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Fraction):
        return lowest(value)
    if isinstance(value, float | Decimal) and isfinite(value):
        return _read(float.__repr__(value) if isinstance(value, float) else str(value), place)
    if isinstance(value, str):
        return _read(value, place)
    if hasattr(value, "tolist"):
        return exact(value.tolist(), place)
    raise _not_a_number(value, place)


def is_decimal(value: object) -> bool:
    """Whether a number was written as a decimal: a float, a `Decimal`, or text such as "0.5"."""
    if isinstance(value, str):
        return "." in value or "e" in value.lower()
    return isinstance(value, float | Decimal)


def lowest(value: Number) -> Number:
    """A whole number as int."""
    return value.numerator if value.denominator == 1 else value


def common_denominator(grids: Iterable[Grid]) -> int:
    """The smallest number that makes all of them whole."""
    rows = (row for grid in grids for row in grid if {*map(type, row)} != {int})
    return lcm(*{value.denominator for row in rows for value in row})


def shown(value: Number, decimals: bool = False, minus: str = "−") -> str:
    """A number for people: "−3", "1/3", or with `decimals`, where it ends, "0.25"."""
    size = -value if value < 0 else value
    return minus * (value < 0) + (_decimal(size) if decimals else str(size))


def jsonable(value: Number) -> int | float | str:
    """A number for JSON: itself where JSON can say it exactly, else text such as "1/3"."""
    if isinstance(value, int):
        return value
    try:
        nearest = float(value)
    except OverflowError:
        return str(value)
    same = Fraction(repr(nearest)) == value
    return nearest if same else str(value)


def _read(text: str, place: str) -> Number:
    plain = text.strip().replace("−", "-")
    match = _NUMBER.fullmatch(plain)
    exponent = abs(int(match[3][1:])) if match and match[3] and len(match[3]) < 8 else 0
    too_long = len(plain) + exponent > MOST_DIGITS or bool(match and len(match[3] or "") >= 8)
    if not match or too_long:
        raise _not_a_number(text, place)
    try:
        return lowest(Fraction(plain))
    except ZeroDivisionError:
        raise _not_a_number(text, place) from None


def _not_a_number(value: object, place: str) -> NotANumberError:
    said = str(value)
    said = said if len(said) <= 40 else f"{said[:37]}..."
    return NotANumberError(
        f"'{said}' in {place}",
        "whole numbers, decimals such as 0.5 or fractions such as 1/3",
        "write a number there; numbers are parted by spaces or commas, rows by ';'",
    )


def _decimal(value: Number) -> str:
    """A decimal where it ends: the denominator has no prime factors but 2 and 5; else n/d."""
    rest, digits = value.denominator, 0
    while rest % 2 == 0 or rest % 5 == 0:
        rest //= 10 if rest % 10 == 0 else 5 if rest % 5 == 0 else 2
        digits += 1
    if rest != 1 or digits == 0:
        return str(value)
    whole, part = divmod(value.numerator * 10**digits // value.denominator, 10**digits)
    return f"{whole}.{part:0{digits}}"
