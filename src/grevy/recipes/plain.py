"""No value for another kind that looks like it: no `true` for 1, no "0.1" for 0.1, no 1 for true.

Pydantic would take each for the other. The kinds are read off a field's type, so this holds for the
configs of plugins too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from itertools import islice
from operator import or_
from typing import Any, Literal, get_args, get_origin

from grevy.recipes.said import alternatives, said
from grevy.recipes.shown import shown

DEEPEST = 16
"""Rooms within rooms that the fields of a recipe or a study may have."""

MOST = 50_000
"""Values that they may have together, one that stands in several places counted in each."""


def refuse_lookalike(kind: Any, value: Any, marks: Iterable[Any] = ()) -> None:
    """Nothing, if the value may be of this type by its own kind; its range is not looked at.

    Raises:
        ValueError: a bool for a number, a text for a number, or anything else for a bool. It says
            what is expected.
    """
    kinds = alternatives(kind)
    if isinstance(value, list | tuple):
        for inside, one in zip(_parts(kinds, len(value)), value, strict=False):
            refuse_lookalike(inside, one)
    elif isinstance(value, Mapping):
        for one in value.values():
            refuse_lookalike(_values(kinds), one)
    elif isinstance(value, bool | int | float | str) and not _takes(kinds, value):
        quotes = ", without quotes" if isinstance(value, str) else ""
        raise ValueError(f"{said(kind, marks)}{quotes}")


def misshapen(fields: Any) -> tuple[str, str]:
    """What is wrong with the shape of nested fields, and what is expected; "" if nothing is."""
    level, count = [fields], 0
    for _ in range(DEEPEST):
        keys = (key for one in level if isinstance(one, Mapping) for key in one)
        if strange := next((key for key in keys if not isinstance(key, str)), None):
            return f"the key {shown(strange)}", "a text: a number or a date stands in quotes"
        level = list(islice((inside for one in level for inside in _children(one)), MOST + 1))
        count += len(level)
        if not level:
            return "", ""
        if count > MOST:
            return f"more than {MOST:,} values", "fewer, as recipes have"
    return f"values more than {DEEPEST} levels deep", "fewer, as recipes have"


def _takes(kinds: list[Any], value: bool | float | str) -> bool:
    if isinstance(value, bool):
        return bool in kinds or not _numbers(kinds)
    if isinstance(value, str):
        texts = {word for kind in kinds if get_origin(kind) is Literal for word in get_args(kind)}
        if str in kinds or value in texts or not (bool in kinds or _numbers(kinds)):
            return True
        return bool not in kinds and not is_number(value)
    return _numbers(kinds) or bool not in kinds


def _numbers(kinds: list[Any]) -> bool:
    return int in kinds or float in kinds


def is_number(text: str) -> bool:
    """Whether a text is written as a number, NaN and infinities too."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _parts(kinds: list[Any], count: int) -> list[Any]:
    """The type of each value of a list; where several kinds of lists may stand, any of theirs."""
    lists = [kind for kind in kinds if get_origin(kind) in (list, tuple)]
    if not lists:
        return []
    return [reduce(or_, (_at(get_args(kind), n) for kind in lists)) for n in range(count)]


def _at(parts: tuple[Any, ...], place: int) -> Any:
    if parts[1:] == (...,):
        return parts[0]
    return parts[min(place, len(parts) - 1)] if parts else Any


def _values(kinds: list[Any]) -> Any:
    known = [get_args(kind)[1] for kind in kinds if get_origin(kind) is dict]
    return known[0] if known else Any


def _children(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple) else []
