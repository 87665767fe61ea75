"""What `weights` stands for in a recipe: input size, interpolation, mean, standard deviation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grevy.errors import RecipeValueError
from grevy.models.transfer.published import (
    OURS,
    otherwise_prepared,
    preprocessing_source,
    published_preprocessing,
)
from grevy.models.transfer.resize import INTERPOLATIONS
from grevy.models.zoo import is_zoo_name
from grevy.recipes.beside_weights import PreprocessingBeside, preprocessing_beside
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


def preprocessing_note(recipe: Recipe) -> str | None:
    """How pictures are prepared for the weights from elsewhere, and who says so; None: no such.

    Raises:
        RecipeValueError: `weights` stands for what a record beside the file says: numbers are
            wanted, since the record may go.
        MissingPackageError: the zoo that knows is not installed.
    """
    model = recipe.model
    if model.weights == "none":
        return None
    beside = preprocessing_beside(model.weights)
    if beside is not None:
        _require_numbers(recipe, beside)
    known = _expected(model, beside)
    if known is None:
        mean, deviation = statistics_as_published(recipe)
        return (
            f"nothing says how pictures looked for {_called(model)}: mean {_few(mean)} and"
            f" standard deviation {_few(deviation)} are the recipe's (pictures.mean,"
            " pictures.standard_deviation)"
        )
    if note := _differing(recipe, known, beside):
        return note
    numbers = f"mean {_few(known.mean)}, standard deviation {_few(known.standard_deviation)}"
    who = f"{known.source}{_doubts(model, beside)}"
    return (
        f"pictures are prepared as for {_called(model)}: {numbers},"
        f" {_size_in_words(model, known)}; {who}"
    )


def other_statistics(recipe: Recipe) -> str | None:
    """A sentence where the recipe normalises differently than its weights from elsewhere expect."""
    model = recipe.model
    if model.weights == "none":
        return None
    beside = preprocessing_beside(model.weights)
    known = _expected(model, beside)
    return _differing(recipe, known, beside) if known else None


@dataclass(frozen=True)
class _Expected:
    """How pictures looked for some weights, and who says so."""

    side: int | None
    interpolation: str
    mean: tuple[float, ...]
    standard_deviation: tuple[float, ...]
    source: str


def _expected(model: ModelConfig, beside: PreprocessingBeside | None) -> _Expected | None:
    if beside is not None:
        source = f"as {beside.place} has them"
        return _Expected(
            beside.side, beside.interpolation, beside.mean, beside.standard_deviation, source
        )
    if not (model.weights == "pretrained" or is_zoo_name(model.name) or model.name in OURS):
        return None
    known = published_preprocessing(model.name)
    source = preprocessing_source(model.name) or "assumed as for most ImageNet networks"
    return _Expected(
        known.input_shape[1], known.interpolation, known.mean, known.standard_deviation, source
    )


def _differing(recipe: Recipe, known: _Expected, beside: PreprocessingBeside | None) -> str | None:
    used = statistics_as_published(recipe)
    if all(map(_alike, used, (known.mean, known.standard_deviation))):
        return None
    mend = "--weights FILE takes theirs over" if beside else "`weights` stands for theirs"
    return (
        f"{_called(recipe.model)} were made with mean {_few(known.mean)} and standard deviation"
        f" {_few(known.standard_deviation)}, this recipe has {_few(used[0])} and {_few(used[1])};"
        f" {mend} (pictures.mean, pictures.standard_deviation)"
    )


def _alike(used: Any, known: tuple[float, ...]) -> bool:
    """The same number a channel; one number stands for every channel."""
    if isinstance(used, str):
        return False
    return tuple(used) == tuple(known) or set(used) == set(known) == {used[0]}


def _called(model: ModelConfig) -> str:
    return "the pretrained weights" if model.weights == "pretrained" else "the weights of the file"


def _size_in_words(model: ModelConfig, known: _Expected) -> str:
    side = input_side_of(model)
    made = f" (they were made at {known.side})" if known.side and side != known.side else ""
    if not side:
        return f"at the pictures' own size{made}"
    return f"{side} pixels {builder_arguments(model)['interpolation']}{made}"


def _doubts(model: ModelConfig, beside: PreprocessingBeside | None) -> str:
    """What else a file may hold that is called like the published weights."""
    if model.weights == "pretrained" or beside is not None:
        return ""
    tags = otherwise_prepared(model.name)
    if not tags:
        return "; where these are others, say how: pictures.mean, pictures.standard_deviation"
    return f"; other weights of it have others: name the tag, as in {model.name}.{tags[0]}"


def _require_numbers(recipe: Recipe, beside: PreprocessingBeside) -> None:
    said = (recipe.model.resize, recipe.pictures.mean, recipe.pictures.standard_deviation)
    if "weights" in said:
        raise RecipeValueError(
            f"`weights` for {recipe.model.weights}, beside which {beside.place.name} lies",
            f"its numbers: resize {beside.side}, mean {list(beside.mean)}, standard deviation"
            f" {list(beside.standard_deviation)}",
            "begin with --weights FILE (grevy.with_weights), which takes them over, or write them",
        )


def _few(values: Any) -> str:
    if isinstance(values, str):
        return values
    return ", ".join(f"{value:.3g}" for value in values)


def _interpolation(model: ModelConfig) -> str:
    name = published_preprocessing(model.name).interpolation
    if name not in INTERPOLATIONS:
        raise RecipeValueError(
            f"interpolation '{name}', with which the weights of {model.name} were made",
            " or ".join(INTERPOLATIONS),
            "choose the nearer one with --model.interpolation",
        )
    return name
