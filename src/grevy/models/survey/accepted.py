"""Pictures that a network takes, near the one that it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn

from grevy.models.survey.ready import Shape, blank_picture, needs_data, without_data

NEAR, FAR = 32, 512
"""Sizes up to NEAR pixels away are all tried, then multiples of 32 up to FAR."""


def accepted_near(takes: Callable[[Shape], bool], shape: Shape) -> tuple[Shape, ...]:
    """The nearest shapes that fit: with other channels, else the next smaller and larger size.

    Args:
        takes: whether a picture of this shape passes through the network.
        shape: one that does not.
    """
    channels, height, width = shape
    others = [(other, height, width) for other in (3, 1) if other != channels]
    found = [other for other in others if takes(other)]
    if found:
        return tuple(found)
    side = max(height, width)
    smaller = _first(takes, channels, _sizes(side, -1))
    larger = _first(takes, channels, _sizes(side, +1))
    return tuple(shape for shape in (smaller, larger) if shape)


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


def _first(takes: Callable[[Shape], bool], channels: int, sizes: Iterable[int]) -> Shape | None:
    shapes = ((channels, size, size) for size in sizes)
    return next((shape for shape in shapes if takes(shape)), None)


def _sizes(side: int, direction: int) -> list[int]:
    near = [side + direction * step for step in range(0 if direction > 0 else 1, NEAR + 1)]
    far = [size for size in range(32, FAR + 1, 32) if (size - side) * direction > NEAR]
    return [size for size in near if size > 0] + sorted(far, reverse=direction < 0)
