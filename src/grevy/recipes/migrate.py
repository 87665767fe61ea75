"""Recipes as records have them, brought to what recipes are today."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from grevy.errors import GrevyError
from grevy.recipes.config import without
from grevy.recipes.fields import unread_by_kind
from grevy.recipes.load import load_recipe
from grevy.recipes.schema import Recipe, with_rooms


def as_today(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a recorded recipe without those that nothing reads.

    Records from the time when all optimizers shared their fields hold every one of them; so do
    study files by them. What a user writes is not for this: there such a field is refused.
    """
    today = with_rooms(copy.deepcopy(dict(fields)))
    for name in unread_by_kind(today):
        without(today, name)
    try:
        recipe = Recipe.model_validate(today)
    except (ValidationError, GrevyError):  # whoever loads the recipe hears what is wrong with it
        return today
    for name in recipe.all_unread():
        without(today, name)
    return today


def recorded_recipe(fields: Mapping[str, Any]) -> Recipe:
    """The recipe of a record, of whatever age.

    Raises:
        RecipeError: a field or value that recipes do not have, or a part whose plugin is not here.
    """
    return load_recipe(as_today(fields))
