"""What was probably meant by a name that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

CLOSE = 0.57
"""How alike two of a few short names are that may be taken for each other (`difflib`)."""

CLOSER = 0.7
"""The same among many names, where chance makes some alike."""

BEGINNING = 3
"""Letters from which on the beginning of a name stands for it."""


def nearest(
    word: str, names: Iterable[str] | Mapping[str, str], most: int = 3, close: float = CLOSE
) -> list[str]:
    """Names that begin so, then those that are spelled nearly so; none where nothing is near.

    A name that differs in its case or in hyphens only is the only one.

    Args:
        word: what was given.
        names: what there is; or by each spelling of it, the name that is then told.
        most: how many.
        close: how alike they must be, from 0 to 1.
    """
    meant = names if isinstance(names, Mapping) else {name: name for name in names}
    by_spelling: dict[str, str] = {}
    for spelling, name in meant.items():
        by_spelling.setdefault(_plain(spelling), name)
    given = _plain(word)
    if given in by_spelling:
        return [by_spelling[given]]
    begun = [s for s in by_spelling if len(given) >= BEGINNING and s.startswith(given)]
    alike = difflib.get_close_matches(given, by_spelling, n=2 * most, cutoff=close)
    return list(dict.fromkeys(by_spelling[s] for s in (*begun, *alike)))[:most]


def _plain(name: str) -> str:
    return name.lower().replace("-", "_").strip("_ ")
