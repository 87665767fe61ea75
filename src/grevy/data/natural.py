"""Sorting as people count: "2" before "10"."""

from __future__ import annotations

import re

from grevy.data.names import nfc

_DIGITS = re.compile(r"([0-9]+)")


def natural_key(text: str) -> tuple[tuple[str | tuple[int, str], ...], str]:
    """Key for `sorted`: runs of digits compare as numbers, letters without regard to case.

    Numbers are compared as (count of digits, digits), which holds for any length. The text itself
    comes last, so that "a" and "A", or "1" and "01", still have one order. Names have the place of
    their NFC, so that the order of files is the same on a system that spells them otherwise.
    """
    parts: list[str | tuple[int, str]] = []
    for position, part in enumerate(_DIGITS.split(nfc(text))):
        number = part.lstrip("0")
        parts.append((len(number), number) if position % 2 else part.casefold())
    return tuple(parts), text
