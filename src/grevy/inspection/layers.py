"""Layers by name: the dotted name of a module, with `#2` behind it for its second call."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from torch import nn

from grevy.classifier.classifier import Classifier
from grevy.errors import LayerNotFoundError, ModelArgumentError
from grevy.models.survey.trace import ModuleCall, trace_on_black

Convolution = nn.Conv2d | nn.ConvTranspose2d


@dataclass(frozen=True)
class LayerInfo:
    """One call of one module.

    Attributes:
        name: its address.
        type: of the module: "Conv2d", "BasicBlock", ...
        shape: of its output without the batch: [C, H, W], [C] or [T, C].
    """

    name: str
    type: str
    shape: tuple[int, ...]


def layer_list(classifier: Classifier) -> tuple[LayerInfo, ...]:
    """All layers that put out a tensor, blocks included, in the order in which they are done.

    Raises:
        ModelArgumentError: the network fails on a picture of the classifier's shape.
    """
    return tuple(_info(call) for call in _calls(classifier))


def convolutions(classifier: Classifier) -> tuple[LayerInfo, ...]:
    """The first call of each two-dimensional convolution, in order."""
    found = (c for c in _calls(classifier) if isinstance(c.module, Convolution) and c.index == 0)
    return tuple(_info(call) for call in found)


def address(name: str, index: int) -> str:
    """The layer's name of call `index` (from 0) of the module `name`."""
    return name if index == 0 else f"{name}#{index + 1}"


def find_layer(model: nn.Module, layer: str) -> tuple[nn.Module, int]:
    """The module of that address and the index of its call, from 0.

    Raises:
        LayerNotFoundError: no module has that name; the nearest names are told.
    """
    name, mark, call = layer.partition("#")
    modules = dict(model.named_modules())
    modules.pop("")
    if name not in modules or (mark and not (call.isdecimal() and int(call) >= 1)):
        raise LayerNotFoundError(
            f"no layer '{layer}'", nearest(name, list(modules)), "check the spelling"
        )
    return modules[name], int(call or 1) - 1


def nearest(name: str, names: list[str]) -> str:
    """Up to five names that are spelled like `name`, or the first few, as "a, b or c"."""
    near = difflib.get_close_matches(name, names, n=5, cutoff=0.5)
    if not near:
        inside = [n for n in names if name and name.lower() in n.lower()]
        near = (inside or names)[:5]
    return " or ".join(filter(None, [", ".join(near[:-1]), near[-1]])) if near else "any layer"


def _calls(classifier: Classifier) -> list[ModuleCall]:
    run = trace_on_black(classifier.model, classifier.preprocessing.shape)
    if run.error is not None:
        shape = "×".join(map(str, classifier.preprocessing.shape))
        raise ModelArgumentError(
            f"{classifier.name} fails on a picture of {shape} ({run.error})",
            "a network that takes such pictures",
            "give the shape that it was made for",
        ) from run.error
    return [call for call in run.calls if call.name and call.shape is not None]


def _info(call: ModuleCall) -> LayerInfo:
    shape = call.shape or ()
    return LayerInfo(address(call.name, call.index), type(call.module).__name__, shape[1:])
