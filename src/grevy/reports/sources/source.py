"""Where values come from: one contract for runs and comparisons."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Protocol

from grevy.documents.blocks import Origin, Value
from grevy.documents.forms import Number, written
from grevy.errors import UnknownValueError

NEAREST = 5
"""So many fields are named where one is not there."""


class Source(Protocol):
    """A record, or several that are compared, as fields with numbers."""

    @property
    def name(self) -> str:
        """How people and values call it."""
        ...

    @property
    def numbers(self) -> Mapping[str, Number]:
        """Every field. What can be computed from predictions and logs is, and not read off."""
        ...

    def origin(self) -> Origin:
        """Places, files with their SHA-256, and what is recorded."""
        ...


def value_of(source: Source, field: str, form: str) -> Value:
    """The value of a field.

    Raises:
        UnknownValueError: no such field; the nearest are named.
        UnknownFormError: it can't be written so.
    """
    return Value(written(number_of(source, field), form), source.name, field, form)


def number_of(source: Source, field: str) -> Number:
    """The number of a field; errors as `value_of`."""
    if field not in source.numbers:
        raise UnknownValueError(
            f"no field '{field}' in {source.name}",
            f"such as {', '.join(nearest(field, source.numbers))}",
            "see: grevy report --fields PLACE",
        )
    return source.numbers[field]


def nearest(name: str, names: Iterable[str]) -> list[str]:
    """The names most like one, the nearest first; never none where there are any."""
    known = list(names)
    return difflib.get_close_matches(name, known, NEAREST, 0.4) or known[:NEAREST]
