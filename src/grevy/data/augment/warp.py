"""RandAugment's geometry: rotation, shear and translation, with the nearest pixel.

What lies outside the picture becomes mid-gray, as in the code of Cubuk et al. (2019).
"""

from __future__ import annotations

import torch
from torch import Tensor

from grevy.data.augment.geometry import take_pixels

FILL = 128


def rotate(images_GCHW: Tensor, degrees_G: Tensor) -> Tensor:
    """Turn each uint8 picture counter-clockwise about its centre."""
    angle_G = torch.deg2rad(degrees_G)
    cosine_G, sine_G, zero_G = angle_G.cos(), angle_G.sin(), torch.zeros_like(angle_G)
    return _warp(images_GCHW, (cosine_G, -sine_G, zero_G), (sine_G, cosine_G, zero_G))


def shear_x(images_GCHW: Tensor, slope_G: Tensor) -> Tensor:
    """Move row h to the left by `slope × (h + 1/2)` pixels: the top edge stays."""
    one_G, zero_G = torch.ones_like(slope_G), torch.zeros_like(slope_G)
    half_height = images_GCHW.shape[2] / 2
    return _warp(images_GCHW, (one_G, slope_G, slope_G * half_height), (zero_G, one_G, zero_G))


def shear_y(images_GCHW: Tensor, slope_G: Tensor) -> Tensor:
    """Move column w upward by `slope × (w + 1/2)` pixels: the left edge stays."""
    one_G, zero_G = torch.ones_like(slope_G), torch.zeros_like(slope_G)
    half_width = images_GCHW.shape[3] / 2
    return _warp(images_GCHW, (one_G, zero_G, zero_G), (slope_G, one_G, slope_G * half_width))


def slide_x(images_GCHW: Tensor, pixels_G: Tensor) -> Tensor:
    """Move each uint8 picture to the right by whole pixels (fractions are cut off)."""
    one_G, zero_G = torch.ones_like(pixels_G), torch.zeros_like(pixels_G)
    return _warp(images_GCHW, (one_G, zero_G, -pixels_G.trunc()), (zero_G, one_G, zero_G))


def slide_y(images_GCHW: Tensor, pixels_G: Tensor) -> Tensor:
    """Move each uint8 picture downward by whole pixels (fractions are cut off)."""
    one_G, zero_G = torch.ones_like(pixels_G), torch.zeros_like(pixels_G)
    return _warp(images_GCHW, (one_G, zero_G, zero_G), (zero_G, one_G, -pixels_G.trunc()))


def _warp(
    images_GCHW: Tensor,
    to_x: tuple[Tensor, Tensor, Tensor],
    to_y: tuple[Tensor, Tensor, Tensor],
) -> Tensor:
    """Show at (x, y) the source pixel nearest to (a·x + b·y + c, d·x + e·y + f).

    Args:
        images_GCHW: uint8 pictures.
        to_x: a, b, c of each picture `[G]`; x in pixels from the picture's centre to the right.
        to_y: d, e, f of each picture `[G]`; y in pixels from the centre downward.
    """
    height, width = images_GCHW.shape[2:]
    device = images_GCHW.device
    y_H1 = torch.arange(height, device=device)[:, None] - (height - 1) / 2
    x_W = torch.arange(width, device=device) - (width - 1) / 2
    a, b, c, d, e, f = (part_G.view(-1, 1, 1) for part_G in (*to_x, *to_y))
    columns_GHW = (a * x_W + b * y_H1 + c + (width - 1) / 2).round().to(torch.int64)
    rows_GHW = (d * x_W + e * y_H1 + f + (height - 1) / 2).round().to(torch.int64)

    known_columns, known_rows = columns_GHW.clamp(0, width - 1), rows_GHW.clamp(0, height - 1)
    outside_GHW = (known_columns != columns_GHW) | (known_rows != rows_GHW)
    warped_GCHW = take_pixels(images_GCHW, known_rows, known_columns)
    return warped_GCHW.masked_fill_(outside_GHW[:, None], FILL)
