"""Pictures that a network takes, near the one that it does not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from grevy.figures.numerals import counted
from grevy.models.survey.ready import Shape, blank_picture, needs_data, without_data

NEAR, FAR = 32, 512
"""Sizes up to NEAR pixels away are all tried, then multiples of 32 up to FAR."""

COMMON = (28, 32, 64, 96, 128, 224, 256, 299, 384, 512)
"""Sides of well-known data and networks: first where the channels are others than asked for."""

CHANNELS = (3, 1, 2, 4, 12)
"""Colours, greys, greys with opacity, colours with opacity, and a composite of many bands."""


@dataclass(frozen=True)
class FirstLayer:
    """The first layer with weights, as the network holds its layers.

    Attributes:
        name: dotted.
        kind: its class.
        takes: what it takes, in words.
        channels: of the pictures, where it is a two-dimensional convolution.
        values: that it takes in a row, where it is a linear layer.
    """

    name: str
    kind: str
    takes: str
    channels: int | None = None
    values: int | None = None


def first_layer(model: nn.Module) -> FirstLayer | None:
    """The first convolution, linear or recurrent layer; None where there is none."""
    for name, module in model.named_modules():
        if any(map(is_lazy, module.parameters(recurse=False))):
            continue
        kind = type(module).__name__
        if isinstance(module, nn.modules.conv._ConvNd):
            dimensions, channels = len(module.kernel_size), module.in_channels
            takes = f"{_OF_DIMENSIONS[dimensions]} of {counted(channels, 'channel')}"
            return FirstLayer(name, kind, takes, channels if dimensions == 2 else None)
        if isinstance(module, nn.Linear):
            takes = f"{counted(module.in_features, 'value')} in a row"
            return FirstLayer(name, kind, takes, values=module.in_features)
        if isinstance(module, nn.RNNBase):
            return FirstLayer(name, kind, f"steps of {counted(module.input_size, 'value')}")
    return None


_OF_DIMENSIONS = {1: "signals", 2: "pictures", 3: "volumes"}


def accepted_near(
    takes: Callable[[Shape], bool], shape: Shape, first: FirstLayer | None = None
) -> tuple[Shape, ...]:
    """The nearest shapes that fit: with other channels, else the next smaller and larger size.

    Then as many values as a first linear layer takes, then other channels in other sizes.

    Args:
        takes: whether a picture of this shape passes through the network.
        shape: one that does not.
        first: layer of the network, which says more than shapes in common use.
    """
    channels, height, width = shape
    others = tuple(other for other in tried_channels(first) if other != channels)
    found = [(other, height, width) for other in others if takes((other, height, width))]
    if found:
        return tuple(found)
    if first and first.values:
        flat = _first(takes, _of_values(first.values))
        if flat:
            return (flat,)
    side = max(height, width)
    for count in (channels, *others):
        common = None if count == channels else _first(takes, _squares(count, COMMON))
        if common:
            return (common,)
        smaller = _first(takes, _squares(count, _sizes(side, -1)))
        larger = _first(takes, _squares(count, _sizes(side, +1)))
        if smaller or larger:
            return tuple(shape for shape in (smaller, larger) if shape)
    return ()


def tried_channels(first: FirstLayer | None) -> tuple[int, ...]:
    """Those of the first layer, and those in common use."""
    own = (first.channels,) if first and first.channels else ()
    return tuple(dict.fromkeys((*own, *CHANNELS)))


def runs(model: nn.Module, shape: Shape) -> bool:
    """Whether the network takes a picture of this shape; computed only if it looks at values."""
    with torch.no_grad():
        error = _error(model, shape, without_data())
        if error and needs_data(error):
            error = _error(model, shape, nullcontext())
    return error is None


def _error(
    model: nn.Module, shape: Shape, tensors: AbstractContextManager[None]
) -> Exception | None:
    try:
        with tensors:
            model(blank_picture(model, shape))
    except Exception as error:  # what it says is told for the shape that was asked for
        return error
    return None


def _first(takes: Callable[[Shape], bool], shapes: Iterable[Shape]) -> Shape | None:
    return next((shape for shape in shapes if takes(shape)), None)


def _squares(channels: int, sizes: Iterable[int]) -> Iterator[Shape]:
    return ((channels, size, size) for size in sizes)


def _of_values(values: int) -> Iterator[Shape]:
    """Square pictures with so many values in all; then one row of them."""
    for channels in CHANNELS:
        side = math.isqrt(values // channels)
        if side and channels * side**2 == values:
            yield channels, side, side
    yield 1, 1, values


def _sizes(side: int, direction: int) -> list[int]:
    near = [side + direction * step for step in range(0 if direction > 0 else 1, NEAR + 1)]
    far = [size for size in range(32, FAR + 1, 32) if (size - side) * direction > NEAR]
    return [size for size in near if size > 0] + sorted(far, reverse=direction < 0)
