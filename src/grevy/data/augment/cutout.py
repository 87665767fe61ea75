"""Cutout (DeVries and Taylor 2017, arXiv:1708.04552)."""

from __future__ import annotations

import torch
from torch import Tensor

from grevy.data.augment.draws import integers
from grevy.data.to_device import to_device


def cutout(images_BCHW: Tensor, row_B: Tensor, column_B: Tensor, side: int) -> Tensor:
    """Set a square in each picture to 0, clipped at the border, in place; return the pictures.

    Args:
        images_BCHW: normalised pictures, so that 0 is the mean.
        row_B: row of each square's centre (an even side reaches one pixel less beyond it).
        column_B: column of the centre.
        side: of the square in pixels.
    """
    height, width = images_BCHW.shape[2:]
    rows_BH = _covered(to_device(row_B, images_BCHW.device), side, height)
    columns_BW = _covered(to_device(column_B, images_BCHW.device), side, width)
    return images_BCHW.masked_fill_(rows_BH[:, None, :, None] & columns_BW[:, None, None, :], 0.0)


def _covered(centre_B: Tensor, side: int, size: int) -> Tensor:
    """Which of `size` pixels lie in the span of `side` pixels about each centre."""
    offset_BS = torch.arange(size, device=centre_B.device) - (centre_B[:, None] - side // 2)
    return (offset_BS >= 0) & (offset_BS < side)


def draw_centres(
    count: int, height: int, width: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draw a row and a column for each picture, uniform over its pixels."""
    rows_B = integers(count, 0, height - 1, generator)
    return rows_B, integers(count, 0, width - 1, generator)
