"""What the user says about which pictures are train, validation and test."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

SPLIT_NAMES = ("train", "validation", "test")
EVERYTHING = "."
"""The place of `train=.`: all that is there is train, whatever looks like a split."""


@dataclass(frozen=True)
class SplitChoice:
    """The splits by name, as the user gave them; nothing is the rule."""

    names: Mapping[str, str] = field(default_factory=dict)
    """Folder, file, array or value of a column, in NFC: the split that it is."""
    column: str = ""
    """The column that says the split of each row."""

    def __bool__(self) -> bool:
        return bool(self.names or self.column)

    def split_of(self, name: str) -> str | None:
        """The split that a name was given, however its letters are composed."""
        return self.names.get(unicodedata.normalize("NFC", name))

    @property
    def all_train(self) -> bool:
        """Whether all is train, whatever looks like a split."""
        return EVERYTHING in self.names


def parse_splits(text: str) -> dict[str, str]:
    """`train=fold0,train=fold1,test=fold2` as `{"fold0": "train", ...}`.

    Raises:
        ValueError: a split of another name, a pair without =, or one place for two splits.
    """
    found: dict[str, str] = {}
    for pair in text.split(",") if text.strip() else ():
        split, equals, place = (
            part.strip() for part in unicodedata.normalize("NFC", pair).partition("=")
        )
        place = place.rstrip("/") or place
        if not equals or not place or split not in SPLIT_NAMES:
            raise ValueError(f"train=NAME, validation=NAME or test=NAME, not {pair.strip()!r}")
        if place in found or (EVERYTHING in (place, *found) and (found or split != "train")):
            raise ValueError(f"{place!r} twice; each name once, and train=. alone")
        found[place] = split
    return found


def checked_splits(text: str) -> str:
    """The text itself, if `parse_splits` takes it."""
    parse_splits(text)
    return text
