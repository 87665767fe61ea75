"""What `weights` stands for in a recipe: input size, interpolation, mean, standard deviation."""

from __future__ import annotations

from typing import Any

from grevy.errors import RecipeValueError
from grevy.models.transfer.published import published_preprocessing
from grevy.models.transfer.resize import INTERPOLATIONS
from grevy.recipes.schema import ModelConfig, PicturesConfig, Recipe


def builder_arguments(model: ModelConfig) -> dict[str, Any]:
    """What `build_model` is given besides the name, the input shape and the classes.

    Raises:
        RecipeValueError: the weights were made with an interpolation that there is not here.
    """
    arguments = model.builder_arguments()
    if arguments.get("resize") == "weights":
        arguments["resize"] = input_side_of(model)
    if arguments.get("interpolation") == "weights":
        arguments["interpolation"] = _interpolation(model)
    return arguments


def input_side_of(model: ModelConfig) -> int:
    """Side in pixels to which the network resizes its pictures; 0: it does not."""
    if model.resize == "weights":
        return published_preprocessing(model.name).input_shape[1]
    return model.resize


def pictures_as_read(recipe: Recipe) -> PicturesConfig:
    """How pictures are read: large ones, or of several sizes, at the side that the network wants.

    So nothing is thrown away before the network resizes them.
    """
    side = input_side_of(recipe.model)
    return recipe.pictures.model_copy(update={"auto_side": side}) if side else recipe.pictures


def statistics_as_published(recipe: Recipe) -> tuple[Any, Any]:
    """Mean and standard deviation as the recipe has them, `weights` replaced by numbers."""
    values = recipe.pictures.mean, recipe.pictures.standard_deviation
    if "weights" not in values:
        return values
    published = published_preprocessing(recipe.model.name)
    numbers = published.mean, published.standard_deviation
    mean, deviation = (n if v == "weights" else v for v, n in zip(values, numbers, strict=True))
    return mean, deviation


def other_statistics(recipe: Recipe) -> str | None:
    """A sentence where the recipe normalises differently than its published weights expect."""
    if recipe.model.weights != "pretrained":
        return None
    known, used = published_preprocessing(recipe.model.name), statistics_as_published(recipe)
    if used == (known.mean, known.standard_deviation):
        return None
    return (
        f"the pretrained weights were made with mean {_few(known.mean)} and standard deviation"
        f" {_few(known.standard_deviation)}, this recipe has {_few(used[0])} and {_few(used[1])};"
        " `weights` stands for theirs (pictures.mean, pictures.standard_deviation)"
    )


def _few(values: Any) -> str:
    return values if isinstance(values, str) else ", ".join(f"{value:.3g}" for value in values)


def _interpolation(model: ModelConfig) -> str:
    name = published_preprocessing(model.name).interpolation
    if name not in INTERPOLATIONS:
        raise RecipeValueError(
            f"interpolation '{name}', with which the weights of {model.name} were made",
            " or ".join(INTERPOLATIONS),
            "choose the nearer one with --model.interpolation",
        )
    return name
