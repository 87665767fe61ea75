"""Which layer is a convolution, what its filters are, and whether they see colours.

Shapes: O filters (output channels), I input channels, H rows, W columns.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from grevy.classifier.classifier import Classifier
from grevy.errors import ModelArgumentError
from grevy.inspection.addresses import find_layer, nearest
from grevy.inspection.layers import Convolution, convolutions, layer_list


def filters_of(module: Convolution) -> Tensor:
    """Weights [O, I, H, W] of a convolution, also of a transposed one, as float32.

    I is the number of input channels that one filter sees: with groups, those of its group.
    """
    weight = module.weight.detach().to(torch.float32)
    if isinstance(module, nn.ConvTranspose2d):  # [I, O / groups, H, W]
        grouped = weight.reshape(module.groups, -1, *weight.shape[1:])
        weight = grouped.transpose(1, 2).flatten(0, 1)
    return weight.clone()


def convolution(classifier: Classifier, layer: str | None) -> tuple[str, Convolution]:
    """The convolution of that name, or the first one.

    Raises:
        LayerNotFoundError: no such layer.
        ModelArgumentError: it is no convolution, or there is none.
    """
    name = layer or _first(classifier)
    module, _ = find_layer(classifier.model, name)
    if not isinstance(module, Convolution):
        others = nearest(name, [info.name for info in convolutions(classifier)])
        raise ModelArgumentError(
            f"layer '{name}', a {type(module).__name__}",
            f"a convolution: {others}",
            "choose a convolution, or look at its activations",
        )
    return name, module


def _first(classifier: Classifier) -> str:
    found = convolutions(classifier)
    if not found:
        names = nearest("", [info.name for info in layer_list(classifier)])
        raise ModelArgumentError(
            f"{classifier.name}, a network without a convolution",
            "one with filters",
            f"look at its activations instead, of {names}",
        )
    return found[0].name


def sees_colours(classifier: Classifier, layer: str) -> bool:
    """Whether it is a convolution whose input is the picture's red, green and blue."""
    module, _ = find_layer(classifier.model, layer)
    if not isinstance(module, Convolution):
        return False
    if not classifier.preprocessing.channels == 3 == filters_of(module).shape[1]:
        return False
    return _first(classifier) == layer.partition("#")[0]
