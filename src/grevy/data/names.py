"""One spelling of names: é is one letter, or e and an accent, as the system that wrote it likes.

Names of classes, pictures and splits are NFC (Unicode Standard Annex 15) wherever they are shown,
compared or recorded. Files are opened by the spelling that the disk has.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path, PurePath

from grevy.errors import shortened

LONGEST_NAME = 300
"""Characters of a name in a message: systems of files allow 255."""


def nfc(name: str) -> str:
    """The name in its composed spelling; names in ASCII stay as they are."""
    return unicodedata.normalize("NFC", name)


def listed(names: Iterable[object], limit: int = 5) -> str:
    """The first few names in quotes, and how many more there are."""
    texts = list(names)
    more = f" and {len(texts) - limit:,} more" if len(texts) > limit else ""
    return ", ".join(f"'{shortened(str(name), LONGEST_NAME)}'" for name in texts[:limit]) + more


class Spellings:
    """Finds what lies below a folder under the disk's own spelling of its name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._inside: dict[str, dict[str, str]] = {}

    def find(self, name: str) -> str:
        """The path as the disk spells it; as it is if nothing like it is there."""
        if name.isascii() or os.path.lexists(self._folder / name):
            return name
        here = ""
        for part in PurePath(name).parts:
            here = os.path.join(here, self._spelled(here, part))
        return here

    def _spelled(self, place: str, name: str) -> str:
        if os.path.lexists(self._folder / place / name):
            return name
        if place not in self._inside:
            self._inside[place] = _entries(self._folder / place)
        return self._inside[place].get(nfc(name), name)


def _entries(folder: Path) -> dict[str, str]:
    """Names in a folder by their NFC; none where it can't be read, for then nothing is found."""
    try:
        return {nfc(name): name for name in sorted(os.listdir(folder))}
    except (OSError, ValueError):
        return {}
