"""What a type takes, in words: `a whole number from 1 to 100`, `auto or 2 whole numbers`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from grevy.recipes.ranges import ranges_in

NUMBERS = {int: ("a whole number", "whole numbers"), float: ("a number", "numbers")}
TRUTH = ("true", "false")


def alternatives(kind: Any) -> list[Any]:
    """The types that one may have, without their ranges; None is none of them."""
    origin = get_origin(kind)
    if origin is Annotated:
        return alternatives(get_args(kind)[0])
    if origin in (Union, UnionType):
        return [each for part in get_args(kind) for each in alternatives(part)]
    return [] if kind is NoneType else [kind]


def said(kind: Any, marks: Iterable[Any] = ()) -> str:
    """What is expected: `a whole number`, `table, csv or json`, `auto or 2 whole numbers`.

    Args:
        kind: the type.
        marks: what else its annotation says, where that is apart: ranges are told.
    """
    words = [word for one in alternatives(kind) for word in _choices(one)]
    kinds = [_said(one) for one in alternatives(kind) if not _choices(one)]
    found = list(dict.fromkeys([*words, *kinds]))
    *others, last = found or ["a value"]
    told = f"{', '.join(others)} or {last}" if others else last
    return " ".join([told, *ranges_in(kind, marks)[:1]])


def choices(kind: Any) -> list[str]:
    """The words that it may be, where they are listed."""
    return [word for one in alternatives(kind) for word in _choices(one)]


def _choices(kind: Any) -> list[str]:
    if kind is bool:
        return list(TRUTH)
    return [str(word) for word in get_args(kind)] if get_origin(kind) is Literal else []


def _said(kind: Any) -> str:
    origin, parts = get_origin(kind) or kind, get_args(kind)
    if origin is dict:
        return f"pairs of a name and {said(parts[1])}"
    if origin in (tuple, list) and parts:
        number = "" if ... in parts or origin is list else f"{len(parts)} "
        return f"{number}{_several(parts[0])}"
    if kind in NUMBERS:
        return NUMBERS[kind][0]
    return {Path: "a path", str: "a text"}.get(kind, "a value")


def _several(kind: Any) -> str:
    one = alternatives(kind)
    if len(one) == 1 and one[0] in NUMBERS:
        return NUMBERS[one[0]][1]
    return {Path: "paths", str: "texts"}.get(one[0], "values") if one else "values"
