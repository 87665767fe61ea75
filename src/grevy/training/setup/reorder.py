"""The same function with less work, for training steps."""

from __future__ import annotations

import copy
from itertools import pairwise

from torch import nn


def pool_before_relu(model: nn.Module) -> nn.Module:
    """The model with max pooling right before each ReLU that it stands right behind.

    The largest of some numbers, or 0 if none is above it, is the same number both ways, and so is
    its gradient, but a quarter as many numbers go through the ReLU.

    Args:
        model: only a plain chain of layers is reordered; others come back as they are.

    Returns:
        Another chain of the same layers under the same names; `model` stays as it is.
    """
    if type(model) is not nn.Sequential:
        return model
    layers = list(model._modules.items())  # named_children() leaves out a layer's second place
    for place, ((_, one), (_, other)) in enumerate(pairwise(layers)):
        if isinstance(one, nn.ReLU) and isinstance(other, nn.MaxPool2d):
            layers[place], layers[place + 1] = layers[place + 1], layers[place]
    chain = copy.copy(model)  # with its hooks, such as one that resizes pictures
    chain._modules = dict(layers)
    return chain
