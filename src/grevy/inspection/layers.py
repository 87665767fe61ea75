"""The layers that a network calls for a picture, with their shapes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from grevy.classifier.classifier import Classifier
from grevy.errors import ModelArgumentError
from grevy.inspection.addresses import address
from grevy.inspection.watching import as_found

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


@dataclass(frozen=True)
class _Call:
    """A call of `module` that put out a tensor; `index` counts the calls of that module from 0."""

    module: nn.Module
    name: str
    index: int
    shape: tuple[int, ...]

    @property
    def info(self) -> LayerInfo:
        return LayerInfo(address(self.name, self.index), type(self.module).__name__, self.shape[1:])


def layer_list(classifier: Classifier) -> tuple[LayerInfo, ...]:
    """All layers that put out a tensor, blocks included, in the order in which they are done.

    Raises:
        ModelArgumentError: the network fails on a picture of the classifier's shape.
    """
    return tuple(call.info for call in _calls(classifier))


def convolutions(classifier: Classifier) -> tuple[LayerInfo, ...]:
    """The first call of each two-dimensional convolution, in order."""
    found = (c for c in _calls(classifier) if isinstance(c.module, Convolution) and c.index == 0)
    return tuple(call.info for call in found)


def _calls(classifier: Classifier) -> list[_Call]:
    """One run on a black picture: no layer needs more than that to tell its shape."""
    model, shape = classifier.model, classifier.preprocessing.shape
    with as_found(model), torch.no_grad():
        calls = _listen(model)
        try:
            model(torch.zeros(1, *shape, device=classifier.device))
        except Exception as error:  # a network is anyone's code
            raise ModelArgumentError(
                f"{classifier.name} fails on a picture of {'×'.join(map(str, shape))} ({error})",
                "a network that takes such pictures",
                "give the shape that it was made for",
            ) from error
    return calls


def _listen(model: nn.Module) -> list[_Call]:
    """The calls of all modules but the outermost, written down as they end; by hooks that stay."""
    calls: list[_Call] = []
    begun: dict[str, int] = {}
    indices: dict[str, list[int]] = {}

    def begin(name: str) -> None:
        indices.setdefault(name, []).append(begun.get(name, 0))
        begun[name] = begun.get(name, 0) + 1

    def end(module: nn.Module, name: str, output: Any) -> None:
        index = indices[name].pop()
        tensor = next((leaf for leaf in tree_leaves(output) if isinstance(leaf, Tensor)), None)
        if tensor is not None:
            calls.append(_Call(module, name, index, tuple(tensor.shape)))

    for name, module in model.named_modules():
        if name:  # `as_found` removes the hooks
            module.register_forward_pre_hook(lambda *_, name=name: begin(name))
            module.register_forward_hook(lambda m, _, output, name=name: end(m, name, output))
    return calls
