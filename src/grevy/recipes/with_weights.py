"""Several fields by one word: what training from weights that exist needs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grevy.errors import UsageError
from grevy.recipes.load import load_recipe
from grevy.recipes.schema import Recipe

BELONGS_TO_WEIGHTS = {
    "model": ("resize", "interpolation"),
    "pictures": ("mean", "standard_deviation"),
}
"""Fields that take `weights`: what the published weights were made with."""


def with_weights(
    recipe: str | Path | Mapping[str, Any] | Recipe,
    *,
    pretrained: bool = False,
    weights: str | None = None,
    layers: str | None = None,
) -> Recipe:
    """The recipe that begins with weights from elsewhere.

    Args:
        recipe: as `load_recipe` takes it.
        pretrained: begin with published weights, and with the input size, interpolation and
            normalisation that belong to them, where the recipe has these at their defaults.
        weights: begin with a file's weights, a URL's, or hf:OWNER/NAME/FILE.
        layers: which are trained, as `transfer.train` takes it.

    Raises:
        UsageError: two sources of weights.
        RecipeError: as `load_recipe`.
    """
    recipe = load_recipe(recipe)
    if pretrained and weights:
        raise UsageError("pretrained and a file of weights", "one of them", "leave one out")
    source = "pretrained" if pretrained else weights
    if source:
        recipe = _changed(recipe, "model", {"weights": source})
    if pretrained:
        recipe = _follow_weights(recipe)
    if layers:
        recipe = _changed(recipe, "transfer", {"train": layers})
    return recipe


def _follow_weights(recipe: Recipe) -> Recipe:
    default = Recipe()
    for room, names in BELONGS_TO_WEIGHTS.items():
        own, plain = getattr(recipe, room), getattr(default, room)
        follow = [name for name in names if getattr(own, name) == getattr(plain, name)]
        recipe = _changed(recipe, room, dict.fromkeys(follow, "weights"))
    return recipe


def _changed(recipe: Recipe, room: str, fields: Mapping[str, Any]) -> Recipe:
    """The recipe with other values in one of its rooms."""
    changed = getattr(recipe, room).model_copy(update=fields)
    return recipe.model_copy(update={room: changed})
