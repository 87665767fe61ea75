"""How numbers of a record are printed: a form is a name below, or a format of Python's."""

from __future__ import annotations

import math
import re
from typing import TypeAlias

from grevy.errors import UnknownFormError

Number: TypeAlias = str | int | float | bool | None

UNKNOWN = "–"
"""For a number that is not there."""

POINTS = 100
"""Percentage points in an accuracy of 1."""

_OF_ACCURACIES = {
    "points": "+.2f",
    "spread": ".2f",
    "percent": ".2f",
}
"""Accuracies and their differences as percentage points: how these are then written."""

_LONG = re.compile(r"\d{3}")
"""In a format of Python's: hundreds of digits, which a stranger's page could ask for."""

FORMS = ("text", "number", "accuracy", "loss", *_OF_ACCURACIES, "seconds", "p", "date")


def written(number: Number, form: str) -> str:
    """`number` as text.

    - text: as it is; number: whole ones as 5,265, others as 0.05
    - accuracy, loss: 0.7340; p: 0.029; seconds: 1,234
    - points: +2.35 (of 0.0235), spread: ±0.31, percent: 73.40 %
    - date: the day of a time
    - anything else: a format of Python's, as in ".3f", ",d", ".1%", of at most 99 digits

    Raises:
        UnknownFormError: neither; or one that this number can't be written in.
    """
    if number is None or (isinstance(number, float) and math.isnan(number)):
        return UNKNOWN
    try:
        return _written(number, form or "number")
    except (ValueError, TypeError, OverflowError):
        raise UnknownFormError(
            f"form '{form}' for {number!r}",
            f"one of {', '.join(FORMS)}, or a format of Python's such as .3f",
            "choose another",
        ) from None


def _written(number: str | float | bool, form: str) -> str:
    if form in ("text", "number") or isinstance(number, str | bool):
        return _plain(number, form)
    if form in _OF_ACCURACIES:
        text = format(POINTS * number, _OF_ACCURACIES[form])
        return {"spread": f"±{text}", "percent": f"{text} %"}.get(form, text)
    named = {"accuracy": ".4f", "loss": ".4f", "seconds": ",.0f", "p": ".2g"}
    if _LONG.search(form):
        raise ValueError
    return format(number, named.get(form, form))


def _plain(number: str | float | bool, form: str) -> str:
    if isinstance(number, bool):
        return "yes" if number else "no"
    if isinstance(number, str):
        if form not in ("text", "number", "date"):
            raise ValueError
        return number[:10] if form == "date" else number
    return f"{number:,}" if isinstance(number, int) else f"{number:.10g}"
