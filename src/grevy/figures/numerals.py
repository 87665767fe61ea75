"""Numbers as figures print them: few digits, a real minus sign, what is missing said."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import ArrayLike

_NO_BREAK = "\N{NO-BREAK SPACE}"


def numeral(value: float, digits: int = 3) -> str:
    """`value` with so many significant digits, and all digits before the point.

    >>> numeral(-0.03127), numeral(1234.5), numeral(0.00001), numeral(float("nan"))
    ('−0.0313', '1,234', '1e−5', 'NaN')
    """
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    large = 10 ** (digits - 1) <= abs(value) < 1e7
    text = f"{value:,.0f}" if large else f"{value:.{digits}g}"
    return re.sub(r"e\+?(-?)0*", r"e\1", text).replace("-", "−")


def counted(count: int, noun: str, several: str = "") -> str:
    """The number with its noun: 1 value, 12 values, 2 classes; `several` where it is another."""
    ending = "es" if noun.endswith("s") else "s"
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {several or noun + ending}"


def numbers(values: ArrayLike) -> str:
    """Minimum, maximum and mean for the caption of a tile: "min −0.31 max 0.42 mean 0.01".

    NaN and infinite values are counted, and the three numbers are those of the rest. An array
    of zeros is "all 0".
    """
    array = np.asarray(values, np.float64)
    finite = array[np.isfinite(array)]
    absent = [
        f"{count:,}{_NO_BREAK}{name}"
        for name, count in (
            ("NaN", int(np.isnan(array).sum())),
            ("infinite", int(np.isinf(array).sum())),
        )
        if count
    ]
    return " ".join([*_three(finite), *absent])


def _three(finite: ArrayLike) -> list[str]:
    array = np.asarray(finite)
    if not array.size:
        return ["no number"]
    if not array.any():
        return [f"all{_NO_BREAK}0"]
    three = ("min", array.min()), ("max", array.max()), ("mean", array.mean())
    return [f"{name}{_NO_BREAK}{numeral(float(value), 2)}" for name, value in three]
