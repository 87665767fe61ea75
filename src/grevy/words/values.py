"""What words a flag takes, read off its type: how many, which, and how that is said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

_NUMBERS = {int: ("a whole number", "whole numbers"), float: ("a number", "numbers")}
_TRUTH = ("True", "False")


def alternatives(kind: Any) -> list[Any]:
    """The types that one may have, without their ranges; None is none of them."""
    origin = get_origin(kind)
    if origin is Annotated:
        return alternatives(get_args(kind)[0])
    if origin in (Union, UnionType):
        return [each for part in get_args(kind) for each in alternatives(part)]
    return [] if kind is NoneType else [kind]


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


def fits(kind: Any, words: Sequence[str]) -> bool:
    """Whether the words can be a value of this type; ranges are somebody else's."""
    if NoneType in get_args(kind) and list(words) == ["None"]:
        return True
    return any(_fits(one, words) for one in alternatives(kind))


def said(kind: Any) -> str:
    """What is expected: `a whole number`, `table, csv or json`, `auto or 2 whole numbers`."""
    words = [word for one in alternatives(kind) for word in _choices(one)]
    kinds = [_said(one) for one in alternatives(kind) if not _choices(one)]
    found = list(dict.fromkeys([*words, *kinds]))
    *others, last = found or ["a value"]
    return f"{', '.join(others)} or {last}" if others else last


def one_of_several(kind: Any) -> Any:
    """The type of one value of a flag that may be given several times."""
    return next(iter(get_args(kind)), str)


def choices(kind: Any) -> list[str]:
    """The words that it may be, where they are listed."""
    return [word for one in alternatives(kind) for word in _choices(one)]


def as_read(kind: Any, words: Sequence[str]) -> list[str]:
    """The words as they are read: `true` is `True` where truth is meant and text is not."""
    inside = [one for part in alternatives(kind) for one in [part, *_inside(part)]]
    if bool not in inside:
        return list(words)
    return [word.capitalize() if word in ("true", "false") else word for word in words]


def _inside(kind: Any) -> list[Any]:
    return [one for part in get_args(kind) if part is not ... for one in alternatives(part)]


def _choices(kind: Any) -> list[str]:
    if kind is bool:
        return [word.lower() for word in _TRUTH]
    return [str(word) for word in get_args(kind)] if get_origin(kind) is Literal else []


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


def _fits_word(kind: Any, word: str) -> bool:
    if kind is bool:
        return word.capitalize() in _TRUTH
    if get_origin(kind) is Literal:
        return word in _choices(kind)
    if kind in _NUMBERS:
        try:
            kind(word)
        except ValueError:
            return False
    return bool(word) or kind is not Path


def _said(kind: Any) -> str:
    origin, parts = get_origin(kind) or kind, get_args(kind)
    if origin is dict:
        return f"pairs of a name and {said(parts[1])}"
    if origin in (tuple, list) and parts:
        number = "" if ... in parts or origin is list else f"{len(parts)} "
        return f"{number}{_several(parts[0])}"
    if kind in _NUMBERS:
        return _NUMBERS[kind][0]
    return {Path: "a path", str: "a text"}.get(kind, "a value")


def _several(kind: Any) -> str:
    one = alternatives(kind)
    if len(one) == 1 and one[0] in _NUMBERS:
        return _NUMBERS[one[0]][1]
    return {Path: "paths", str: "texts"}.get(one[0], "values") if one else "values"
