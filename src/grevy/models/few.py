"""Names in a sentence: the first few, and how many more there are."""

from __future__ import annotations

from collections.abc import Collection

SHOWN = 3
"""How many names an error or a note spells out."""


def few(names: Collection[str]) -> str:
    """`a, b, c and 4 more`."""
    shown = ", ".join(list(names)[:SHOWN])
    return f"{shown} and {len(names) - SHOWN:,} more" if len(names) > SHOWN else shown
