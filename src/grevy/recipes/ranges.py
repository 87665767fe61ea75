"""The range of a number, read off its type: whether a value is in it, and how it is said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, get_args, get_origin

from annotated_types import Ge, Gt, Interval, Le, Lt

LARGEST_SEED = 2**63 - 1


def within(marks: Iterable[Any], value: float) -> bool:
    """Whether a number is in the range that these marks of its type give."""
    return all(_holds(bound, value) for bound in _bounds(marks))


def said_range(marks: Iterable[Any]) -> str:
    """`from 1 to 1,000`, `above 0, at most 1`, `from 0`; "" where nothing is said."""
    low, high = "", ""
    for bound in _bounds(marks):
        match bound:
            case Ge(least):
                low = f"from {_number(least)}"
            case Gt(least):
                low = f"above {_number(least)}"
            case Le(most):
                high = _number(most)
            case Lt(most):
                high = f"below {_number(most)}"
    if not low or not high:
        return low or (f"at most {high}" if high and "below" not in high else high)
    if high.startswith("below"):
        return f"{low}, {high}"
    return f"{low} to {high}" if low.startswith("from") else f"{low}, at most {high}"


def ranges_in(kind: Any, marks: Iterable[Any] = ()) -> list[str]:
    """What is said of every number inside a type, each range once."""
    found = [said_range(marks), *(each for part in get_args(kind) for each in _inside(kind, part))]
    return list(dict.fromkeys(text for text in found if text))


def _inside(kind: Any, part: Any) -> list[str]:
    if get_origin(kind) is Annotated:
        own, *marks = get_args(kind)
        return ranges_in(own, _flat(marks)) if part is own else []
    return ranges_in(part)


def _flat(marks: Iterable[Any]) -> Iterator[Any]:
    """With what stands inside a `Field(ge=..., le=...)` of pydantic's."""
    for mark in marks:
        yield mark
        yield from getattr(mark, "metadata", ())


def _bounds(marks: Iterable[Any]) -> Iterator[Any]:
    for mark in marks:
        if isinstance(mark, Interval):
            yield from (bound for bound in mark)
        elif isinstance(mark, Ge | Gt | Le | Lt):
            yield mark


def _holds(bound: Ge | Gt | Le | Lt, value: Any) -> bool:
    if isinstance(bound, Ge | Gt):
        return bool(value >= bound.ge if isinstance(bound, Ge) else value > bound.gt)
    return bool(value <= bound.le if isinstance(bound, Le) else value < bound.lt)


def _number(value: Any) -> str:
    whole = isinstance(value, int) or (abs(value) < 1e9 and value.is_integer())
    return f"{int(value):,}" if whole else f"{value:g}"
