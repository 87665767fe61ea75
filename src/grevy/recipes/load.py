"""From a name, a YAML file or a mapping to a checked `Recipe`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from grevy.errors import (
    RecipeError,
    RecipeNotFoundError,
    RecipeValueError,
    UnreadFieldError,
)
from grevy.recipes.fields import defaults_of, find_field, listed, unread_by_kind
from grevy.recipes.nearest import nearest
from grevy.recipes.plain import misshapen
from grevy.recipes.read_yaml import read_fields, read_text
from grevy.recipes.said import said
from grevy.recipes.schema import Recipe, with_rooms
from grevy.recipes.short_names import in_rooms, unknown_field_error
from grevy.recipes.shown import cut, shown


def named_recipes() -> tuple[str, ...]:
    """Names of the recipes that come with Grevy."""
    files = resources.files("grevy.recipes").iterdir()
    return tuple(sorted(f.name.removesuffix(".yaml") for f in files if f.name.endswith(".yaml")))


def load_recipe(recipe: str | Path | Mapping[str, Any] | Recipe) -> Recipe:
    """A recipe by name, from a YAML file, or from a mapping with the same fields.

    Raises:
        RecipeNotFoundError: no such name or file.
        RecipeFieldError: a field that recipes do not have.
        RecipeValueError: a value that the field does not take, or YAML that can't be read.
    """
    if isinstance(recipe, Recipe):
        return recipe
    if isinstance(recipe, Mapping):
        return check_recipe(recipe, "the recipe")
    text, origin = _read_text(str(recipe))
    return check_recipe(read_fields(text, origin), origin)


def check_recipe(fields: Mapping[str, Any], origin: str) -> Recipe:
    """Validate a mapping; the first problem becomes one clear line that names `origin`.

    Raises:
        RecipeFieldError: a field that recipes do not have.
        UnreadFieldError: a field that nothing reads in this recipe.
        RecipeValueError: a value that the field does not take.
    """
    recipe = valid_recipe(fields, origin)
    values, defaults = recipe.values(), defaults_of(recipe)
    for field, condition in recipe.all_unread().items():
        for name, value in values.items():
            inside = name == field or name.startswith(f"{field}.")
            if inside and value != defaults.get(name):
                raise UnreadFieldError(
                    f"{name} = {shown(value)} in {origin}: it is read only with {condition}",
                    "",
                    f"leave {name} out, or have {condition}",
                )
    return recipe


def valid_recipe(fields: Mapping[str, Any], origin: str) -> Recipe:
    """As `check_recipe`, but a field that is switched off may have any value.

    Raises:
        RecipeFieldError: a field that recipes do not have.
        UnreadFieldError: a field that another part would read than the one that is named.
        RecipeValueError: a value that the field does not take.
    """
    wrong, expected = misshapen(fields)
    if wrong:
        raise RecipeValueError(f"{wrong} in {origin}", expected, "change it")
    try:
        roomed = with_rooms(in_rooms(fields, origin))
    except ValueError as error:
        raise RecipeValueError(
            f"label_smoothing in {origin}", str(error), "leave one out"
        ) from None
    for field, (name, readers) in unread_by_kind(roomed).items():
        kind, _, last = field.partition(".")
        raise UnreadFieldError(
            f"{field} = {shown(roomed[kind][last])} for {name}: it is read by {listed(readers)}",
            "",
            f"leave it out of {origin}, or choose {listed(readers, 'or')}",
        )
    try:
        return Recipe.model_validate(roomed)
    except ValidationError as error:
        raise recipe_error(error, origin) from None


def recipe_error(error: ValidationError, origin: str) -> RecipeError:
    """What pydantic found wrong with the first field that it complains of, as an error of ours."""
    problems = error.errors(include_url=False, include_context=False)
    path = _dotted(error.title, problems[0]["loc"])
    if problems[0]["type"] == "extra_forbidden":
        return unknown_field_error(path, origin)
    value = problems[0]["input"]
    together = isinstance(value, Mapping | BaseModel)  # several fields that do not go together
    return RecipeValueError(
        f"{cut(path) or 'the recipe'}{'' if together else f' = {shown(value)}'} in {origin}",
        _kind_told(path, problems[0]["type"]) or _messages(error, path),
        "change the value (grevy train --help lists every field with its range)",
    )


def _messages(error: ValidationError, path: str) -> str:
    """What pydantic says of one field; one of several kinds has a complaint for each of them."""
    problems = error.errors(include_url=False, include_context=False)
    messages = dict.fromkeys(p["msg"] for p in problems if _dotted(error.title, p["loc"]) == path)
    said = " or ".join(message.removeprefix("Value error, ") for message in messages)
    return said.replace("Input should be ", "")


def _kind_told(path: str, problem: str) -> str:
    """What a field takes, with its range; "" where pydantic or a config says it better."""
    field = find_field(path)
    own = ("value_error", "too_long", "too_short", "string_too_long", "missing")
    if field is None or problem in own:
        return ""
    finite = ", finite" if problem == "finite_number" else ""
    return said(field.info.annotation, field.info.metadata) + finite


def _dotted(title: str, place: tuple[int | str, ...]) -> str:
    """Where a problem is, as fields are written: without positions and kinds of values."""
    kinds = {"int", "float", "str", "bool"}
    room = () if title == Recipe.__name__ else (title.removesuffix("Config").lower(),)
    names = [str(part) for part in place if str(part).isidentifier() and part not in kinds]
    return ".".join([*room, *names])


def _read_text(recipe: str) -> tuple[str, str]:
    if recipe in named_recipes():
        return resources.files("grevy.recipes").joinpath(f"{recipe}.yaml").read_text(
            "utf-8"
        ), recipe
    try:
        return read_text(recipe), recipe
    except PermissionError:
        raise RecipeNotFoundError(
            f"{shown(recipe)}, which you may not read", "a YAML file", "change its permissions"
        ) from None
    except OSError:
        name = cut(recipe)
        near = nearest(name, named_recipes())
        meant = f"did you mean {' or '.join(near)}? Else check" if near else "check"
        raise RecipeNotFoundError(
            f"no recipe {shown(name)}",
            f"one of {', '.join(named_recipes())}, or a YAML file",
            f"{meant} the spelling; a network is --model NAME",
        ) from None
