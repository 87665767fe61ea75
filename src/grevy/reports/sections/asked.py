"""What was asked for: the effective recipe, seed, command."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from grevy.documents.blocks import Block, Code, Paragraph, Table, Text
from grevy.documents.forms import Number
from grevy.reports.material import Material

_NAMES = ("recipe.name", "recipe.description")


def asked(material: Material) -> Sequence[Block]:
    """Blocks about the recipe with all fields that were read, and the command."""
    record, numbers = material.source.record, material.source.numbers
    fields = [name for name in numbers if name.startswith("recipe.") and name not in _NAMES]
    rows = tuple((name.removeprefix("recipe."), _value(material, name)) for name in fields)
    about = str(numbers.get("recipe.description") or "")
    return (
        Paragraph(
            (
                f"Recipe {record.recipe_name}{': ' if about else ''}{about}; seed ",
                material.value("seed", "text"),
                ". The run is ",
                material.value("status", "text"),
                "." if record.error is None else f": {record.error}",
            )
        ),
        Code(shlex.join(record.command), "asked for with"),
        Table(("field", "value"), rows, title="the effective recipe: what was read"),
    )


def _value(material: Material, field: str) -> Text:
    number: Number = material.source.numbers[field]
    form = ".10g" if isinstance(number, float) else "text"
    return (material.value(field, form),)
