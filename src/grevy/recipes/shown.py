"""How a value stands in a message: whole where it is short, cut where it is long."""

from __future__ import annotations

import reprlib

LONGEST = 60
"""Letters of one text or number that a message shows."""

_DIGITS_A_BIT = 0.30103  # log10(2)


class _Short(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = LONGEST
        self.maxlevel, self.maxlist, self.maxtuple, self.maxdict = 3, 8, 8, 4

    def repr_int(self, x: int, level: int) -> str:
        """As any other value; but Python writes no numbers of more than 4,300 digits."""
        digits = round(x.bit_length() * _DIGITS_A_BIT)
        return repr(x) if digits <= LONGEST else f"a whole number of {digits:,} digits"


def shown(value: object) -> str:
    """The value as Python writes it, cut where it is long."""
    return cut(_Short().repr(value), 2 * LONGEST)


def cut(text: str, most: int = LONGEST) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
