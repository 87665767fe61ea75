"""What was asked for: the effective recipe, seed, command."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from grevy.documents.blocks import Block, Code, Paragraph, Table, Text, Value
from grevy.documents.forms import Number
from grevy.reports.material import Material

_NAMES = ("recipe.name", "recipe.description")


def asked(material: Material) -> Sequence[Block]:
    """Blocks about the recipe with all fields that were read, and the command."""
    record, numbers = material.source.record, material.source.numbers
    about = str(numbers.get("recipe.description") or "")
    return (
        Paragraph(
            (
                f"Recipe {record.recipe_name}{': ' if about else ''}{about}; seed ",
                material.value("seed", "text"),
                ". Its status: ",
                material.value("status", "text"),
                "." if record.error is None else f": {record.error}",
            )
        ),
        Code(shlex.join(record.command), "asked for with"),
        Table(("part", "fields"), _recipe(material), title="the effective recipe: what was read"),
    )


def _recipe(material: Material) -> tuple[tuple[Text, ...], ...]:
    """One row a section of the recipe, with its fields that are set."""
    rows: dict[str, list[str | Value]] = {}
    for field, number in material.source.recorded.items():
        if not field.startswith("recipe.") or field in _NAMES or number is None:
            continue
        section, _, name = field.removeprefix("recipe.").rpartition(".")
        section, _, rest = section.partition(".")
        told = rows.setdefault(section or "training", [])
        label = f"{rest}.{name}" if rest else name
        told += [f"{', ' if told else ''}{label} ", _value(material, field)]
    return tuple((section, tuple(told)) for section, told in rows.items())


def _value(material: Material, field: str) -> Value:
    number: Number = material.source.numbers[field]
    return material.value(field, ".10g" if isinstance(number, float) else "text")
