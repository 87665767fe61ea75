"""What words a flag takes, read off its type: how many, which, and how that is said."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from grevy.recipes.ranges import within
from grevy.recipes.said import NUMBERS, alternatives, choices

_TRUTH = ("True", "False")


def is_switch(kind: Any) -> bool:
    """Whether the flag alone says it: no word follows."""
    return kind is bool


def may_be_alone(kind: Any) -> bool:
    """Whether the flag says something without a value: any number of texts, or None for unsaid."""
    return bool(kind == (tuple[str, ...] | None))


def count(kind: Any) -> int | None:
    """How many words follow the flag; None: that is open."""
    counts = {_count(one) for one in alternatives(kind)}
    return counts.pop() if len(counts) == 1 else None


def in_range(kind: Any, marks: Iterable[Any], word: str) -> bool:
    """Whether a word that is a number is in the range that its annotation gives."""
    numbers = [_number(one, word) for one in alternatives(kind) if one in NUMBERS]
    return all(number is None or within(marks, number) for number in numbers)


def fits(kind: Any, words: Sequence[str]) -> bool:
    """Whether the words can be a value of this type, numbers finite; ranges are `in_range`'s."""
    if NoneType in get_args(kind) and list(words) == ["None"]:
        return True
    return any(_fits(one, words) for one in alternatives(kind))


def one_of_several(kind: Any) -> Any:
    """The type of one value of a flag that may be given several times."""
    return next(iter(get_args(kind)), str)


def as_read(kind: Any, words: Sequence[str]) -> list[str]:
    """The words as they are read: `true` is `True` where truth is meant and text is not."""
    inside = [one for part in alternatives(kind) for one in [part, *_inside(part)]]
    if bool not in inside:
        return list(words)
    return [word.capitalize() if word in ("true", "false") else word for word in words]


def _inside(kind: Any) -> list[Any]:
    return [one for part in get_args(kind) if part is not ... for one in alternatives(part)]


def _count(kind: Any) -> int | None:
    origin = get_origin(kind) or kind
    if origin is not tuple:
        return None if origin in (dict, list) else 1
    parts = get_args(kind)
    if not parts or ... in parts:
        return None
    counts = [count(part) for part in parts]
    return None if None in counts else sum(each or 0 for each in counts)


def _fits(kind: Any, words: Sequence[str]) -> bool:
    origin, parts = get_origin(kind) or kind, get_args(kind)
    if origin is dict:
        even = len(words) % 2 == 0
        return even and all(fits(parts[number % 2], [w]) for number, w in enumerate(words))
    if origin in (tuple, list):
        if not parts or ... in parts or origin is list:
            return not parts or all(fits(parts[0], [word]) for word in words)
        return len(parts) == len(words) and all(
            fits(part, [word]) for part, word in zip(parts, words, strict=True)
        )
    return len(words) == 1 and _fits_word(kind, words[0])


def _number(kind: Any, word: str) -> float | None:
    """The finite number that a word is; None: it is none."""
    try:
        number: float = kind(word)
    except ValueError:
        return None
    return number if kind is int or math.isfinite(number) else None


def _fits_word(kind: Any, word: str) -> bool:
    if kind is bool:
        return word.capitalize() in _TRUTH
    if get_origin(kind) is Literal:
        return word in choices(kind)
    if kind in NUMBERS:
        return _number(kind, word) is not None
    return bool(word) or kind is not Path
