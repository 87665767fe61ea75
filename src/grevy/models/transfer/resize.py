"""A network that takes pictures of any size: it resizes them on their way in, a batch at a time."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

INTERPOLATIONS = ("bilinear", "bicubic")


def resize_input(network: nn.Module, side: int, interpolation: str = "bicubic") -> nn.Module:
    """Let `network` resize its pictures to `side` × `side`; names of its tensors stay as they are.

    Args:
        network: is given back, with a hook before its forward pass.
        side: in pixels.
        interpolation: bilinear or bicubic, see `resize`.
    """
    network.register_forward_pre_hook(partial(_resized, side=side, interpolation=interpolation))
    network.input_side = side  # type: ignore[assignment]
    return network


def input_side(network: nn.Module) -> int | None:
    """The side that it resizes its pictures to; None: it does not."""
    side = getattr(network, "input_side", None)
    return int(side) if side is not None else None


def resize(images_BCHW: Tensor, side: int, interpolation: str = "bicubic") -> Tensor:
    """Pictures at another size, antialiased: Pillow's filters, but not rounded to whole levels.

    For pixels from 0 to 255 it differs from `Image.resize` by at most 1.1 levels, as Pillow rounds
    after each of its two passes. Where bicubic overshoots 0 or 255, Pillow cuts and this does not:
    there the difference is larger (2 levels on a photograph, 22 on noise).

    Args:
        images_BCHW: float, normalised or not: a weighted mean of pixels is the same before and
            after a change of their scale.
        side: height and width of the result.
        interpolation: bilinear, or bicubic with a = −0.5 (Keys 1981).
    """
    if images_BCHW.shape[-2:] == (side, side):
        return images_BCHW
    layout = images_BCHW.contiguous()  # PyTorch's kernel takes twice as long for channels_last
    resized = F.interpolate(
        layout, (side, side), mode=interpolation, align_corners=False, antialias=True
    )
    return resized.contiguous(memory_format=_layout(images_BCHW))


def _layout(images_BCHW: Tensor) -> Any:
    import torch

    channels_last = images_BCHW.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if channels_last else torch.contiguous_format


def _resized(
    network: nn.Module, inputs: tuple[Tensor, ...], *, side: int, interpolation: str
) -> tuple[Tensor, ...]:
    return (resize(inputs[0], side, interpolation), *inputs[1:])
