"""Several fields by one word: what training from weights that exist needs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from grevy.errors import UsageError
from grevy.recipes.beside_weights import PreprocessingBeside, preprocessing_beside
from grevy.recipes.load import load_recipe, recipe_error
from grevy.recipes.schema import Recipe

BELONGS_TO_WEIGHTS = {
    "model": ("resize", "interpolation"),
    "pictures": ("mean", "standard_deviation"),
}
"""Fields that take `weights`: what the published weights were made with."""

PUBLISHED = ("resnet18", "resnet34", "resnet50")
ZOOS = ("timm:", "torchvision:")
"""Networks of which it is known how pictures look that their weights were made with."""


def with_weights(
    recipe: str | Path | Mapping[str, Any] | Recipe,
    *,
    pretrained: bool = False,
    weights: str | None = None,
    which: Literal["plain", "ema"] | None = None,
    layers: str | None = None,
    model: str | None = None,
) -> Recipe:
    """The recipe that begins with weights from elsewhere, on pictures as they were made with.

    Input size, interpolation and normalisation follow the weights where the recipe has these at
    their defaults: as the run's record says for the file of a run, as timm's `config.json` beside
    the file says, else as the network's published weights have them. Of a network without
    published weights nothing is known, and these fields stay.

    Args:
        recipe: as `load_recipe` takes it.
        pretrained: begin with published weights.
        weights: begin with a file's weights, a URL's, or hf:OWNER/NAME/FILE.
        which: of a file that holds both: the plain weights, or the averaged ones (EMA). None: as
            the recipe says.
        layers: which are trained, as `transfer.train` takes it.
        model: name of the network, where it is not to be the recipe's.

    Raises:
        UsageError: two sources of weights, or `which` without a file.
        RecipeError: as `load_recipe`.
    """
    recipe = load_recipe(recipe)
    if pretrained and weights:
        raise UsageError("pretrained and a file of weights", "one of them", "leave one out")
    source = "pretrained" if pretrained else weights
    if source:
        recipe = _changed(recipe, "model", {"weights": source})
        recipe = _follow_weights(recipe, pretrained, model or recipe.model.name)
    if which:
        recipe = _changed(recipe, "model", {"which": which})
        _require_file(recipe)
    if layers:
        recipe = _changed(recipe, "transfer", {"train": layers})
    return recipe


def _follow_weights(recipe: Recipe, pretrained: bool, name: str) -> Recipe:
    beside = None if pretrained else preprocessing_beside(recipe.model.weights)
    if beside is not None:
        return _at_defaults(recipe, _numbers(beside))
    if pretrained or name in PUBLISHED or name.startswith(ZOOS):
        fields = {room: dict.fromkeys(names, "weights") for room, names in _BELONGS}
        return _at_defaults(recipe, fields)
    return recipe


_BELONGS = tuple(BELONGS_TO_WEIGHTS.items())


def _numbers(beside: PreprocessingBeside) -> dict[str, dict[str, Any]]:
    """A record may go, and another one take its place: the recipe has its numbers."""
    sizes: dict[str, Any] = {"resize": beside.side} if beside.side else {}
    if beside.side and beside.interpolation in ("bilinear", "bicubic"):
        sizes["interpolation"] = beside.interpolation
    pictures = {"mean": beside.mean, "standard_deviation": beside.standard_deviation}
    return {"model": sizes, "pictures": pictures}


def _at_defaults(recipe: Recipe, fields: Mapping[str, Mapping[str, Any]]) -> Recipe:
    default = Recipe()
    for room, values in fields.items():
        own, plain = getattr(recipe, room), getattr(default, room)
        follow = {
            n: v for n, v in values.items() if getattr(own, n) in (getattr(plain, n), "weights")
        }
        recipe = _changed(recipe, room, follow)
    return recipe


def _require_file(recipe: Recipe) -> None:
    if recipe.model.which != "plain" and recipe.model.weights in ("none", "pretrained"):
        raise UsageError(
            f"--which {recipe.model.which} without a file", "--weights FILE", "name it, or leave it"
        )


def _changed(recipe: Recipe, room: str, fields: Mapping[str, Any]) -> Recipe:
    """The recipe with other values in one of its rooms."""
    own = getattr(recipe, room)
    try:
        changed = type(own).model_validate({**dict(own), **fields})
    except ValidationError as error:  # of a file beside the weights, which may be a stranger's
        raise recipe_error(error, "what belongs to the weights") from None
    return recipe.model_copy(update={room: changed})
