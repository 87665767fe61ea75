"""What every config is: frozen, documented, and able to say which of its fields are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from grevy.recipes.plain import refuse_lookalike

LONGEST_TEXT = 10_000
"""Letters of a text in a recipe."""


@dataclass(frozen=True)
class ReadWhen:
    """Stands in the annotation of a field that is read only while the others say so.

    Attributes:
        condition: for people, as in "lookahead above 0".
        holds: whether it is so, of the config that the field belongs to.
    """

    condition: str
    holds: Callable[[Any], bool]


class Config(BaseModel):
    """Immutable, and no field that it does not know. The text under a field is its help.

    Numbers are finite, and each value is of its field's own kind: `true` is no number, 1 is not
    true, and "0.1" is a text.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        allow_inf_nan=False,
        str_max_length=LONGEST_TEXT,
    )

    @field_validator("*", mode="before")
    @classmethod
    def _of_its_own_kind(cls, value: Any, info: ValidationInfo) -> Any:
        field = cls.model_fields.get(info.field_name or "")
        if field is not None:
            refuse_lookalike(field.annotation, value, field.metadata)
        return value

    def unread(self) -> dict[str, str]:
        """Fields that nothing reads as the others stand, each with the condition that it lacks."""
        return {
            name: rule.condition
            for name, field in type(self).model_fields.items()
            for rule in field.metadata
            if isinstance(rule, ReadWhen) and not rule.holds(self)
        }

    def all_unread(self) -> dict[str, str]:
        """The same with those of the configs inside, by their dotted names."""
        found = self.unread()
        for name, value in self:
            if isinstance(value, Config) and name not in found:
                inner = value.all_unread()
                found |= {f"{name}.{field}": condition for field, condition in inner.items()}
        return found

    def read_values(self) -> dict[str, Any]:
        """The fields that are read, by their dotted names."""
        unread = self.all_unread()
        return {
            name: value
            for name, value in self.values().items()
            if not any(name == field or name.startswith(f"{field}.") for field in unread)
        }

    def values(self) -> dict[str, Any]:
        """All fields, also of the configs inside, by their dotted names."""
        found: dict[str, Any] = {}
        for name, value in self:
            if isinstance(value, Config):
                found |= {f"{name}.{field}": inner for field, inner in value.values().items()}
            else:
                found[name] = value
        return found

    def effective(self) -> dict[str, Any]:
        """Only the fields that are read, as JSON has them: what decides a training.

        The whole config can be made from it again, since what is missing has no effect.
        """
        fields = self.model_dump(mode="json")
        for name in self.all_unread():
            without(fields, name)
        return fields


def without(fields: dict[str, Any], name: str) -> None:
    """Take a dotted name out of nested fields, if it is there."""
    *rooms, last = name.split(".")
    place: Any = fields
    for room in rooms:
        place = place.get(room) if isinstance(place, dict) else None
    if isinstance(place, dict):
        place.pop(last, None)
