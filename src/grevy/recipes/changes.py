"""From `norm=batch` to a changed recipe: short names of recipe fields, and their values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from grevy.errors import RecipeValueError, StudyFileError
from grevy.recipes.config import without
from grevy.recipes.fields import default_of, unread_by_kind
from grevy.recipes.load import check_recipe, valid_recipe
from grevy.recipes.read_yaml import read_value
from grevy.recipes.schema import Recipe
from grevy.recipes.short_names import full_field
from grevy.recipes.shown import cut

Changes = Mapping[str, Any]
"""Dotted recipe fields and their new values."""


def parse_changes(text: str) -> tuple[str, dict[str, Any]]:
    """`optimizer=adam,lr=0.001` as a name and its changes; `Adam: ...` gives the name.

    Values are YAML: `true`, `0.05`, `[32, 64]`.

    Raises:
        StudyFileError: not of the form FIELD=VALUE.
        AmbiguousFieldError: a short name that could be several fields.
        RecipeFieldError: a field that recipes do not have.
    """
    named = re.match(r"([^=\[\]]+):\s+(.*)", text)
    name, rest = (named[1].strip(), named[2]) if named else (text.strip(), text)
    changes: dict[str, Any] = {}
    for part in re.split(r",(?![^\[]*\])", rest):  # a comma between brackets is part of a value
        field, equals, value = part.partition("=")
        if not equals:
            raise StudyFileError(
                f"'{cut(part)}'", "FIELD=VALUE, as in norm=batch", "correct --vary"
            )
        full = full_field(field)
        if full in changes:
            raise StudyFileError(f"'{full}' twice in '{cut(text)}'", "one value", "leave one out")
        changes[full] = read_value(
            value, f"'{cut(value)}' of {full}", StudyFileError, "mend its brackets"
        )
    return name, changes


def changed(recipe: Recipe, changes: Changes, origin: str) -> Recipe:
    """The recipe with some fields changed, checked as a whole.

    Where a change makes nothing read what the recipe had (another optimizer, a switch turned off),
    that falls away. What is asked for must be read.

    Args:
        recipe: stays as it is.
        changes: full or short field names, new values.
        origin: who asks, for errors.

    Raises:
        RecipeError: a field that does not exist, a value that it does not take, or a field that
            nothing reads.
        AmbiguousFieldError: a short name that could be several fields.
    """
    fields = recipe.effective()
    asked: dict[str, Any] = {}
    for name, value in changes.items():
        full = full_field(name, origin)
        if asked.setdefault(full, value) != value:
            raise RecipeValueError(f"{full} twice in {origin}", "one value", "leave one out")
    for name, value in asked.items():
        *rooms, last = name.split(".")
        place = fields
        for room in rooms:
            place = place.setdefault(room, {})
        place[last] = value
    for name in unread_by_kind(fields):
        if name not in asked and f"{name.partition('.')[0]}.name" in asked:
            without(fields, name)
    for name in valid_recipe(fields, origin).all_unread():
        if not any(field == name or field.startswith(f"{name}.") for field in asked):
            without(fields, name)
    return check_recipe(fields, origin)


def differences(recipe: Recipe, other: Recipe) -> dict[str, Any]:
    """Dotted fields that `other` reads with another value than `recipe`, but not names.

    A field that `recipe` does not read differs where it is not at its default: `momentum` where
    only the other's optimizer has one.
    """
    before, after = recipe.read_values(), other.read_values()
    for name in after.keys() - before.keys():
        before[name] = default_of(other, name)
    return {
        name: value
        for name, value in after.items()
        if before[name] != value and name not in ("name", "description")
    }


def same_training(recipe: Recipe, other: Recipe) -> bool:
    """Whether two recipes train the same; what they are called does not count."""
    return not differences(recipe, other)
