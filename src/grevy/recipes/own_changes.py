"""What a recipe changes in the named one that it is called after, in short words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from grevy.errors import AmbiguousFieldError, RecipeFieldError
from grevy.recipes.changes import differences
from grevy.recipes.load import load_recipe, named_recipes
from grevy.recipes.schema import Recipe
from grevy.recipes.short_names import full_field

NETWORK = "model.name"
"""The network has a word of its own: it is no change among others."""

LONGEST = 24
"""Letters of a value that are shown."""


def recipe_of_that_name(recipe: Recipe) -> Recipe | None:
    """The recipe that comes with Grevy under this name; None: the name is the user's own."""
    return load_recipe(recipe.name) if recipe.name in named_recipes() else None


def usual_network(recipe: Recipe) -> str:
    """The network that a recipe of this name has, or that any has that does not say."""
    return (recipe_of_that_name(recipe) or Recipe()).model.name


def own_changes(recipe: Recipe) -> dict[str, Any]:
    """Short fields that differ from the recipe of that name, without the network's name.

    Empty where nothing differs, and where the name is the user's own.
    """
    named = recipe_of_that_name(recipe)
    changes = differences(named, recipe) if named else {}
    return {short_field(field): value for field, value in changes.items() if field != NETWORK}


def short_field(field: str) -> str:
    """The shortest name that means a dotted field, as `lr`, or `optimizer` for its name."""
    parts = field.split(".")
    if parts[-1] == "name":
        parts = parts[:-1] or parts
    endings = [".".join(parts[-count:]) for count in range(1, len(parts) + 1)]
    return next((name for name in endings if _means(name) == field), field)


def change_in_words(field: str, value: Any) -> str:
    """`lr=0.1`, `widths=[32,64]`, `flip=random`; a long value is cut off."""
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return f"{field}={text if len(text) <= LONGEST else text[: LONGEST - 1] + '…'}"


def changes_in_words(changes: Mapping[str, Any], most: int) -> str:
    """The first of them, and how many more."""
    words = [change_in_words(field, value) for field, value in changes.items()]
    more = [f"and {len(words) - most} more"] if len(words) > most else []
    return ", ".join([*words[:most], *more])


def _means(name: str) -> str | None:
    try:
        return full_field(name)
    except (AmbiguousFieldError, RecipeFieldError):
        return None
