"""What every record is: typed, frozen, and careful with fields that a newer Grevy wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

FORMAT = 2
"""Of run.json and study.json; it is raised when older files need a migration."""

Count = Annotated[int, Field(ge=0, lt=2**63)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Seconds = Annotated[float, Field(ge=0.0)]


class Record(BaseModel):
    """A part of a record. What a newer Grevy wrote into it is kept, and named."""

    model_config = ConfigDict(
        frozen=True, extra="allow", use_attribute_docstrings=True, allow_inf_nan=False
    )

    @property
    def unknown_fields(self) -> tuple[str, ...]:
        """Dotted names of fields that this Grevy does not know, as `results.calibration`."""
        return tuple(_unknown(self))

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it: the fields that were given, and those that are not known."""
        return self.model_dump(mode="json", exclude_unset=True)

    def changed(self, **changes: Any) -> Self:
        """A record with other values in some of its fields, checked as a whole.

        Raises:
            TypeError: a field that this record does not have.
            ValidationError: a value that the field does not take.
        """
        if strange := set(changes) - set(type(self).model_fields):
            raise TypeError(f"{type(self).__name__} has no field {', '.join(sorted(strange))}")
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return self.model_validate({**given, **changes})


class FileRecord(Record):
    """A whole file: it says in which format it is."""

    format: Annotated[int, Field(ge=1)] = FORMAT
    """2. A file of format 1 is read as if it were of 2, and stays as it is until it changes."""

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it, the format first."""
        return {"format": self.format, **super().to_dict()}


def _unknown(value: Any, place: str = "") -> Iterator[str]:
    """Depth first: an unknown field is named, and not what is in it."""
    for name, inner, is_known in _members(value):
        dotted = f"{place}.{name}" if place else name
        if is_known:
            yield from _unknown(inner, dotted)
        else:
            yield dotted


def _members(value: Any) -> Iterator[tuple[str, Any, bool]]:
    """Name and value of what is in a value, and whether that is a field that we know."""
    if isinstance(value, BaseModel):
        known = type(value).model_fields
        yield from ((name, inner, name in known) for name, inner in value)
    elif is_dataclass(value) and not isinstance(value, type):
        known_names = {field.name for field in fields(value)}
        yield from ((name, inner, name in known_names) for name, inner in vars(value).items())
    elif isinstance(value, Mapping):
        yield from ((str(name), inner, True) for name, inner in value.items())
    elif isinstance(value, tuple):
        yield from ((str(index), inner, True) for index, inner in enumerate(value))
