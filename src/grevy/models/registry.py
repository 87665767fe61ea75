"""Names of networks and what builds them: the only way from a recipe to a module."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

import torch
from torch import nn

from grevy.errors import InputTooSmallError, ModelArgumentError, UnknownModelError
from grevy.models import zoo
from grevy.models.logits import put_out_logits, shown
from grevy.models.own.adapt import OwnBuilder
from grevy.models.own.faults import fault_in_words, fault_of, faults_shown
from grevy.models.transfer.head import adapt_channels, replace_head
from grevy.models.transfer.resize import resize_input
from grevy.recipes.parts import GROUPS, load_entry_points

Builder = Callable[..., nn.Module]
"""Called as `builder((channels, height, width), classes, **arguments)`."""

_TAKE_CLASSES = (
    "let it take their number, `def __init__(self, classes)`, and end it with `classes` outputs"
)

_builders: dict[str, Builder] = {}
_known_here: ContextVar[Mapping[str, Builder]] = ContextVar("known_here")
_registered_here: ContextVar[dict[str, Builder]] = ContextVar("registered_here")


def register_model(name: str) -> Callable[[Builder], Builder]:
    """Decorator that makes a module class or a function known by `name`.

    It is called with `input_shape` (channels, height, width) and `classes` (number of outputs), as
    far as it takes them (see `OwnBuilder`), and with the recipe's `model.arguments` as keywords.
    Registering a name again replaces it.

    Example:
        @grevy.register_model("tiny")
        class Tiny(nn.Module):
            def __init__(self, input_shape: tuple[int, int, int], classes: int) -> None: ...
    """

    def register(builder: Builder) -> Builder:
        _registered_here.get(_builders)[name] = builder
        return builder

    return register


@contextmanager
def registering() -> Iterator[dict[str, Builder]]:
    """What is registered inside goes into the dictionary that this yields, and nowhere else."""
    found: dict[str, Builder] = {}
    token = _registered_here.set(found)
    try:
        yield found
    finally:
        _registered_here.reset(token)


def is_known_here(name: str) -> bool:
    """Whether the calls around this one were given the network of that name."""
    return name in _known_here.get({})


def is_registering() -> bool:
    """Whether a source is being loaded."""
    return _registered_here.get(None) is not None


@contextmanager
def known(builders: Mapping[str, Builder]) -> Iterator[None]:
    """Inside, these names mean these networks, whatever else is registered."""
    token = _known_here.set({**_known_here.get({}), **builders})
    try:
        yield
    finally:
        _known_here.reset(token)


def find_builder(name: str) -> Builder | None:
    """What builds the network of that name; None for a zoo's, or where nobody registered it."""
    here = _known_here.get({})
    if name not in here and name not in _builders:
        load_entry_points(GROUPS["model"], name)
    return here.get(name) or _builders.get(name)


def model_names() -> tuple[str, ...]:
    """All registered names."""
    return tuple(sorted({**_builders, **_known_here.get({})}))


def build_model(
    name: str, input_shape: tuple[int, int, int], classes: int, **arguments: Any
) -> nn.Module:
    """The network `name` for pictures of `input_shape` and `classes` outputs, freshly initialised.

    The network is tried on one blank picture, so that one that doesn't fit fails here. Where it
    puts out more than its logits, they are taken out (see `logits_in`).

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
    builder = _find(name)
    model = _call(builder, name, inside, classes, arguments)
    if side:
        resize_input(model, side, interpolation)
    if isinstance(builder, OwnBuilder) or not is_ours(builder):
        model = put_out_logits(model, classes)
    fixed = isinstance(builder, OwnBuilder) and not builder.takes_classes
    mend = _TAKE_CLASSES if fixed else "end the network with `classes` outputs"
    _try_one_picture(model, name, input_shape, classes, mend)
    return model


def _find(name: str) -> Builder:
    if builder := find_builder(name):
        whole = is_ours(builder) or isinstance(builder, OwnBuilder)
        return builder if whole else OwnBuilder(builder, name)
    if zoo.is_zoo_name(name):
        return partial(_zoo_classifier, name)
    raise UnknownModelError(*_not_found(name))


def _not_found(name: str) -> tuple[str, str, str]:
    """What is near: networks, runs with theirs, and recipes, which train one."""
    from grevy.recipes.load import load_recipe, named_recipes
    from grevy.recipes.nearest import nearest
    from grevy.records.near import near_runs

    mend = "check the spelling; your own network: --model FILE.py:NAME"
    if name in named_recipes():
        network = load_recipe(name).model.name
        return (
            f"no model '{name}': that is a recipe",
            f"its network {network}, or a run of it",
            f"train one: grevy train DATA --recipe {name}",
        )
    near = [*nearest(name, model_names()), *zoo.suggestions(name)]
    near += [f"the run {run}" for run in near_runs(name)]
    recipes = [recipe for recipe in nearest(name, named_recipes()) if recipe not in near]
    if recipes:
        mend += f"; {' and '.join(recipes)} {'is a recipe' if len(recipes) == 1 else 'are recipes'}"
    expected = " or ".join(near) if near else f"one of {', '.join(model_names())}"
    return f"no model '{name}'", expected, mend


def is_ours(builder: Builder) -> bool:
    """Whether it comes with Grevy."""
    return f"{getattr(builder, '__module__', '')}".startswith("grevy.")


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
        with faults_shown():
            return builder(input_shape, classes, **arguments)
    except TypeError as error:
        raise ModelArgumentError(
            f"model '{name}' with arguments {arguments} ({error})",
            "arguments that it takes, after input_shape and classes",
            "change the network's arguments",
        ) from error


def _try_one_picture(
    model: nn.Module, name: str, input_shape: tuple[int, int, int], classes: int, mend: str
) -> None:
    was_training = model.training
    model.eval()
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    with torch.no_grad():
        try:
            outputs = model(torch.zeros(1, *input_shape, device=device))
        except RuntimeError as error:
            raise InputTooSmallError(
                f"model '{name}' fails on a {_times(input_shape)} picture "
                f"({fault_in_words(error) or error})",
                "an input shape (C, H, W) that every layer can take",
                "choose another --pictures.size or another model",
            ) from error
        except Exception as error:
            if fault := fault_of(error):
                raise fault from error
            raise
    model.train(was_training)
    _require_logits(outputs, name, classes, mend)


def _require_logits(outputs: Any, name: str, classes: int, mend: str) -> None:
    if not isinstance(outputs, torch.Tensor) or outputs.shape != (1, classes):
        raise ModelArgumentError(
            f"model '{name}' puts out {shown(outputs)} for one picture",
            f"(1, {classes}): one logit a class",
            mend,
        )


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
