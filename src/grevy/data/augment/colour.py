"""Brightness, contrast, saturation and hue; pictures as float32 in 0 to 255.

A picture has one channel (gray) or three (red, green, blue). Factors are one a picture: 1 changes
nothing. Definitions as in Pillow's ImageEnhance.
"""

from __future__ import annotations

import torch
from torch import Tensor

from grevy.data.augment.draws import uniform
from grevy.data.augment.geometry import to_bytes
from grevy.data.to_device import to_device

_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
_HUE_SIXTHS = (5, 3, 1)  # red, green, blue in the formula of `hue`


def blend(base: Tensor, images_BCHW: Tensor, factor_B: Tensor) -> Tensor:
    """Go from `base` (factor 0) through the pictures (factor 1) and beyond, inside 0 to 255."""
    factor_B111 = _beside(images_BCHW, factor_B).view(-1, 1, 1, 1)
    return (base + factor_B111 * (images_BCHW - base)).clamp_(0, 255)


def gray(images_BCHW: Tensor) -> Tensor:
    """Return the luma `[B, 1, H, W]`."""
    if images_BCHW.shape[1] == 1:
        return images_BCHW
    red, green, blue = images_BCHW.unbind(1)
    luma = _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue
    return luma[:, None]


def brightness(images_BCHW: Tensor, factor_B: Tensor) -> Tensor:
    """Blend with black."""
    return blend(torch.zeros_like(images_BCHW), images_BCHW, factor_B)


def contrast(images_BCHW: Tensor, factor_B: Tensor) -> Tensor:
    """Blend with the mean gray of each picture."""
    return blend(gray(images_BCHW).mean((1, 2, 3), keepdim=True), images_BCHW, factor_B)


def saturation(images_BCHW: Tensor, factor_B: Tensor) -> Tensor:
    """Blend with the gray picture; gray pictures stay as they are."""
    if images_BCHW.shape[1] == 1:
        return images_BCHW
    return blend(gray(images_BCHW), images_BCHW, factor_B)


def hue(images_BCHW: Tensor, turn_B: Tensor) -> Tensor:
    """Turn the hue by a part of the colour circle (1/3: red to green); gray stays as it is.

    Chroma and value (the largest channel) are kept. With hue h in sixths of the circle, a channel
    is `value − chroma · clamp(min(k, 4 − k), 0, 1)`, `k = (n + h) mod 6`, n = 5, 3, 1.
    """
    if images_BCHW.shape[1] == 1:
        return images_BCHW
    sixths_BHW = _hue_sixths(images_BCHW) + 6 * _beside(images_BCHW, turn_B).view(-1, 1, 1)
    smallest_BHW, value_BHW = images_BCHW.aminmax(dim=1)
    n_311 = to_device(torch.tensor(_HUE_SIXTHS), images_BCHW.device).view(-1, 1, 1)
    k_BCHW = (n_311 + sixths_BHW[:, None]).remainder(6)
    fall_BCHW = torch.minimum(k_BCHW, 4 - k_BCHW).clamp_(0, 1)
    return value_BHW[:, None] - (value_BHW - smallest_BHW)[:, None] * fall_BCHW


def _beside(images_BCHW: Tensor, numbers_B: Tensor) -> Tensor:
    """Numbers of the pictures' type, on their device."""
    return to_device(numbers_B.to(images_BCHW.dtype), images_BCHW.device)


def _hue_sixths(images_BCHW: Tensor) -> Tensor:
    """Hue `[B, H, W]`: 0 red, 2 green, 4 blue; negative from magenta to red; 0 for grays."""
    red, green, blue = images_BCHW.unbind(1)
    smallest, value = images_BCHW.aminmax(dim=1)
    chroma = (value - smallest).clamp_(min=1e-6)
    from_green_or_blue = torch.where(
        value == green, (blue - red) / chroma + 2, (red - green) / chroma + 4
    )
    return torch.where(value == red, (green - blue) / chroma, from_green_or_blue)


def jitter(
    images_BCHW: Tensor,
    spreads: tuple[float, float, float],
    turn: float,
    generator: torch.Generator,
) -> Tensor:
    """Change brightness, contrast, saturation and hue of uint8 pictures, in this order.

    Args:
        images_BCHW: uint8 pictures.
        spreads: x of brightness, contrast and saturation: each picture has its own factors, uniform
            in [max(0, 1 − x), 1 + x]; 0 draws nothing.
        turn: x of the hue, turned by a number of its own in [−x, x]; 0 draws nothing.
        generator: of this step.
    """
    images = images_BCHW.to(torch.float32)
    count = len(images)
    for change, spread in zip((brightness, contrast, saturation), spreads, strict=True):
        if spread > 0:
            images = change(images, uniform((count,), max(0.0, 1 - spread), 1 + spread, generator))
    if turn > 0:
        images = hue(images, uniform((count,), -turn, turn, generator))
    return to_bytes(images)
