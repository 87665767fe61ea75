"""Names of networks and what builds them: the only way from a recipe to a module."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn

from grevy.errors import InputTooSmallError, ModelArgumentError, UnknownModelError
from grevy.models import zoo
from grevy.models.transfer.head import adapt_channels, replace_head
from grevy.models.transfer.resize import resize_input
from grevy.recipes.parts import GROUPS, load_entry_points

Builder = Callable[..., nn.Module]
"""Called as `builder((channels, height, width), classes, **arguments)`."""

_builders: dict[str, Builder] = {}


def register_model(name: str) -> Callable[[Builder], Builder]:
    """Decorator that makes a module class or a function known by `name`.

    It is called with `input_shape` (channels, height, width) and `classes` (number of outputs),
    and with the recipe's `model.arguments` as keywords. Registering a name again replaces it.

    Example:
        @grevy.register_model("tiny")
        class Tiny(nn.Module):
            def __init__(self, input_shape: tuple[int, int, int], classes: int) -> None: ...
    """

    def register(builder: Builder) -> Builder:
        _builders[name] = builder
        return builder

    return register


def model_names() -> tuple[str, ...]:
    """All registered names."""
    return tuple(sorted(_builders))


def build_model(
    name: str, input_shape: tuple[int, int, int], classes: int, **arguments: Any
) -> nn.Module:
    """The network `name` for pictures of `input_shape` and `classes` outputs, freshly initialised.

    The network is tried on one blank picture, so that one that doesn't fit fails here.

    Args:
        name: registered, `timm:NAME` or `torchvision:NAME`; a zoo's network gets a fresh head, and
            a fresh first convolution where the pictures have another number of channels.
        input_shape: channels, height, width of the pictures.
        classes: number of outputs.
        arguments: of the network; and `resize`, a side in pixels to which it resizes its pictures,
            with `interpolation`.

    Raises:
        UnknownModelError: no such name.
        MissingPackageError: the zoo is not installed.
        ModelArgumentError: an argument that the network does not take.
        InputTooSmallError: a layer shrinks the picture to nothing.
    """
    side, interpolation = arguments.pop("resize", 0), arguments.pop("interpolation", "bicubic")
    inside = (input_shape[0], side, side) if side else input_shape
    model = _call(_find(name), name, inside, classes, arguments)
    if side:
        resize_input(model, side, interpolation)
    _try_one_picture(model, name, input_shape, classes)
    return model


def _find(name: str) -> Builder:
    if name not in _builders:
        load_entry_points(GROUPS["model"], name)
    if name in _builders:
        return _builders[name]
    if zoo.is_zoo_name(name):
        return partial(_zoo_classifier, name)
    near = [*difflib.get_close_matches(name, model_names(), n=3), *zoo.suggestions(name)]
    raise UnknownModelError(
        f"no model '{name}'",
        " or ".join(near) if near else f"one of {', '.join(model_names())}",
        "check the spelling, or register your own with grevy.register_model (--plugin FILE.py)",
    )


def _zoo_classifier(name: str, input_shape: tuple[int, int, int], classes: int) -> nn.Module:
    network, _ = zoo.build_zoo(name)
    return adapt_channels(replace_head(network, classes), input_shape[0])


def _call(
    builder: Builder,
    name: str,
    input_shape: tuple[int, int, int],
    classes: int,
    arguments: dict[str, Any],
) -> nn.Module:
    try:
        return builder(input_shape, classes, **arguments)
    except TypeError as error:
        raise ModelArgumentError(
            f"model '{name}' with arguments {arguments} ({error})",
            "arguments that it takes, after input_shape and classes",
            "change the network's arguments",
        ) from error


def _try_one_picture(
    model: nn.Module, name: str, input_shape: tuple[int, int, int], classes: int
) -> None:
    was_training = model.training
    model.eval()
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    with torch.no_grad():
        try:
            shape = tuple(model(torch.zeros(1, *input_shape, device=device)).shape)
        except RuntimeError as error:
            raise InputTooSmallError(
                f"model '{name}' fails on a {_times(input_shape)} picture ({error})",
                "an input shape that every layer can take",
                "choose another --pictures.size or another model",
            ) from error
    model.train(was_training)
    if shape != (1, classes):
        raise ModelArgumentError(
            f"model '{name}' puts out shape {shape} for one picture",
            f"(1, {classes}): one logit a class",
            "end the network with `classes` outputs",
        )


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
