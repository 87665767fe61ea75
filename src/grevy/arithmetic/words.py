"""Counts and lists in words."""

from __future__ import annotations

from collections.abc import Sequence


def counted(count: int, noun: str) -> str:
    """A count with its noun: "1 channel", "2 channels"."""
    return f"{count:,} {noun}" + "s" * (count != 1)


def enumeration(words: Sequence[str]) -> str:
    """a, b and c."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def capitalised(text: str) -> str:
    """With a capital letter in front, and the rest as it is."""
    return text[0].upper() + text[1:]
