"""`grevy.layers`: the table of a network's layers."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from grevy.documents.blocks import Document
from grevy.documents.printed import Printed
from grevy.errors import InputTooSmallError, ModelArgumentError
from grevy.models.own.faults import fault_in_words
from grevy.models.own.find import Model
from grevy.models.own.of_record import networks_of
from grevy.models.own.using import using
from grevy.models.registry import build_model
from grevy.models.survey.accepted import accepted_near, first_layer, runs, tried_channels
from grevy.models.survey.describe import describe
from grevy.models.survey.layer import Layer, call_name, layer_of, uncalled
from grevy.models.survey.ready import Shape, evaluating, watchable
from grevy.models.survey.survey import Failure, Survey
from grevy.models.survey.trace import ModuleCall, Trace, trace
from grevy.models.zoo import build_zoo, is_zoo_name
from grevy.records.run import RunDirectory

DEFAULT_SHAPE = (3, 32, 32)
DEFAULT_CLASSES = 10


@dataclass(frozen=True)
class LayerTable(Survey, Printed):
    """A survey that prints itself as a table."""

    def document(self) -> Document:
        """The table for people."""
        return describe(self)


def layers(
    model: Model | nn.Module | Path,
    input_shape: Shape | None = None,
    classes: int = DEFAULT_CLASSES,
    *,
    plugin: str | Path | None = None,
    trust_source: bool = False,
    **arguments: Any,
) -> LayerTable:
    """The layers of a network with shapes, parameters, MACs and receptive fields.

    The network runs once on a tensor without data: nothing is computed, and the model is left as
    it was. One that looks at values is run on a black picture. If it fails, the table reaches up to
    there and says why and what would fit.

    Args:
        model: a registered name, `timm:NAME`, `torchvision:NAME`, `mynet.py:Net`, a class or
            function that builds one, a module, or the directory of a run.
        input_shape: C, H, W; by default 3×32×32, or what the zoo's network was made for.
        classes: outputs of a registered network or one's own.
        plugin: a Python file, run for the networks that it registers.
        trust_source: run the source that a run's record keeps, wherever it is from.
        arguments: of a registered network or one's own.

    Raises:
        UnknownModelError: no such name.
        MissingPackageError: the zoo is not installed.
        ModelArgumentError: arguments that the network does not take, or a network that can't be
            watched: scripted, or lazy and failing.
    """
    if isinstance(model, nn.Module):
        module = model
        return _survey(module, type(model).__name__, input_shape or DEFAULT_SHAPE)
    with using(plugin=plugin, trust_source=trust_source):
        directory = RunDirectory(Path(model)) if isinstance(model, str | Path) else None
        if directory and directory.architecture_file.is_file():
            return _of_run(directory, input_shape)
        with using(f"{model}" if isinstance(model, Path) else model) as name:
            return _named(f"{name}", input_shape, classes, arguments)


def _of_run(directory: RunDirectory, input_shape: Shape | None) -> LayerTable:
    """The network of a run, for its own pictures or others."""
    design = directory.read_architecture()
    shape = input_shape or design["input_shape"]
    with networks_of(directory):
        return _registered(design["name"], shape, design["classes"], design["arguments"])


def _named(
    model: str, input_shape: Shape | None, classes: int, arguments: dict[str, Any]
) -> LayerTable:
    if is_zoo_name(model):
        if arguments:
            raise ModelArgumentError(
                f"arguments {arguments} for '{model}'", "none", "give the module itself in Python"
            )
        module, shape = build_zoo(model)
        return _survey(module, model, input_shape or shape)
    return _registered(model, input_shape or DEFAULT_SHAPE, classes, arguments)


def _registered(name: str, shape: Shape, classes: int, arguments: dict[str, Any]) -> LayerTable:
    """A network that is built for the picture; for one that is too small, built for the next."""

    def build(shape: Shape) -> nn.Module:
        return build_model(name, shape, classes, **arguments)

    try:
        return _survey(build(shape), name, shape)
    except InputTooSmallError:
        takes = functools.partial(_builds, build)
        fits = accepted_near(takes, shape)
        if not fits:
            raise
        return _survey(build(fits[-1]), name, shape, takes)


def _builds(build: Callable[[Shape], nn.Module], shape: Shape) -> bool:
    try:
        build(shape)
    except InputTooSmallError:
        return False
    return True


def _survey(
    model: nn.Module, name: str, shape: Shape, takes: Callable[[Shape], bool] | None = None
) -> LayerTable:
    model = watchable(model, shape)
    found = trace(model, shape)
    rows = _rows(model, found, shape)
    parameters = list(model.parameters())
    return LayerTable(
        model=name,
        input_shape=shape,
        layers=rows,
        total_parameters=sum(parameter.numel() for parameter in parameters),
        trainable_parameters=sum(p.numel() for p in parameters if p.requires_grad),
        failure=_failure(model, found, shape, takes) if found.error else None,
        with_data=found.with_data,
    )


def _rows(model: nn.Module, found: Trace, shape: Shape) -> tuple[Layer, ...]:
    rows: list[Layer] = []
    counted: list[nn.Parameter] = []
    for call in filter(_is_layer, found.calls):
        rows.append(layer_of(call, shape[1:], counted, first=call.index == 0))
        counted += call.module.parameters(recurse=False)
    if found.error:
        return tuple(rows)
    for name, module in model.named_modules():
        row = uncalled(name, module, counted)
        if row.parameters.value:
            rows.append(row)
            counted += module.parameters(recurse=False)
    return tuple(rows)


def _is_layer(call: ModuleCall) -> bool:
    """Modules that call no others, and those that compute or hold parameters besides them."""
    if isinstance(call.module, nn.Identity) or call.shape is None:
        return False
    own = any(True for _ in call.module.parameters(recurse=False))
    products = any(operation.computes for operation in call.operations)
    return own or products or not call.calls_others


def _failure(
    model: nn.Module, found: Trace, shape: Shape, takes: Callable[[Shape], bool] | None
) -> Failure:
    call = found.open[-1] if found.open else None
    first = first_layer(model)
    with evaluating(model):
        fits = accepted_near(takes or functools.partial(runs, model), shape, first)
    return Failure(
        layer=call_name(call) if call else "(network)",
        kind=type(call.module if call else model).__name__,
        input_shape=call.input_shape[1:] if call and call.input_shape else None,
        reason=_reason(found.error),
        fits=fits,
        tried_channels=tuple(sorted({shape[0], *tried_channels(first)})),
        first_layer=f"{first.name or '(network)'} ({first.kind}), which takes {first.takes}"
        if first
        else "",
    )


def _reason(error: BaseException | None) -> str:
    """Its own words; with the line in the user's file, if it came from one."""
    told = fault_in_words(error) if error else None
    return told or " ".join(str(error).split()).rstrip(".") or type(error).__name__
