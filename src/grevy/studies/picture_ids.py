"""Pairing pictures by their ids, which may be paths that end alike."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Parts = tuple[str, ...]


@dataclass(frozen=True)
class Unpaired:
    """Why two lists of ids don't name the same pictures.

    Attributes:
        lacking: of ours, without one of theirs.
        strange: of theirs, without one of ours.
        ambiguous: of theirs, that could be several of ours, or the same one as another of theirs.
        example: an id of theirs that is one of these.
    """

    lacking: int
    strange: int
    ambiguous: int
    example: str


def order_by_ids(ours: Sequence[str], theirs: Sequence[str]) -> NDArray[np.int64] | Unpaired:
    r"""The row of theirs for each of ours.

    Two ids name one picture if they are equal, or if one is the end of the other, by whole
    folders: `test/cat/1.png` and `C:\data\test\cat\1.png`. The longest such end decides, and
    every picture must have exactly one partner.
    """
    place = {name: row for row, name in enumerate(theirs)}
    if place.keys() == set(ours):
        return np.array([place[name] for name in ours], np.int64)
    partners = _partners([_parts(name) for name in ours], [_parts(name) for name in theirs])
    strange = [row for row, found in enumerate(partners) if not found]
    single = [found[0] for found in partners if len(found) == 1]
    ambiguous = [row for row, found in enumerate(partners) if len(found) > 1]
    times = Counter(single)
    ambiguous += [row for row, found in enumerate(partners) if len(found) == 1 < times[found[0]]]
    if strange or ambiguous or len(single) < len(ours):
        paired = {row for found in partners for row in found}
        example = theirs[(strange or ambiguous or [0])[0]]
        return Unpaired(len(ours) - len(paired), len(strange), len(ambiguous), example)
    order_N = np.empty(len(ours), np.int64)
    order_N[single] = np.arange(len(theirs))
    return order_N


def _partners(ours: Sequence[Parts], theirs: Sequence[Parts]) -> list[list[int]]:
    """Rows of ours that each of theirs could be."""
    whole: dict[Parts, list[int]] = defaultdict(list)
    ends: dict[Parts, list[int]] = defaultdict(list)
    for row, parts in enumerate(ours):
        whole[parts].append(row)
        for start in range(1, len(parts)):
            ends[parts[start:]].append(row)

    def of(parts: Parts) -> list[int]:
        own = (whole[parts[start:]] for start in range(len(parts)) if parts[start:] in whole)
        return next(own, []) or ends.get(parts, [])

    return [of(parts) for parts in theirs]


def _parts(name: str) -> Parts:
    plain = unicodedata.normalize("NFC", name).replace("\\", "/")
    return tuple(part for part in plain.split("/") if part not in ("", "."))
