"""From bytes to the numbers that the network takes."""

from __future__ import annotations

import torch
from torch import Tensor


def normalise(images_BCHW: Tensor, mean_C: Tensor, standard_deviation_C: Tensor) -> Tensor:
    """Return `(images / 255 − mean) / standard deviation` as float32, in the layout given.

    Args:
        images_BCHW: uint8 pictures, contiguous or channels_last.
        mean_C: of pictures in [0, 1], one number or one a channel, on the pictures' device.
        standard_deviation_C: likewise, above 0.
    """
    scale_C = (1 / (255 * standard_deviation_C)).to(torch.float32)
    shift_C = (-mean_C / standard_deviation_C).to(torch.float32)
    if images_BCHW.is_contiguous(memory_format=torch.channels_last):
        return _scale_rows(images_BCHW, scale_C, shift_C)
    return torch.mul(images_BCHW, scale_C.view(-1, 1, 1)).add_(shift_C.view(-1, 1, 1))


def _scale_rows(images_BCHW: Tensor, scale_C: Tensor, shift_C: Tensor) -> Tensor:
    """Scale whole rows of pixels at once: a processor's vectors don't fill with three channels."""
    pixels_BHWC = images_BCHW.permute(0, 2, 3, 1)
    channels, width = images_BCHW.shape[1], images_BCHW.shape[3]
    scale_R, shift_R = (numbers.expand(channels).repeat(width) for numbers in (scale_C, shift_C))
    rows_BHR = torch.mul(pixels_BHWC.flatten(2), scale_R).add_(shift_R)
    return rows_BHR.view(pixels_BHWC.shape).permute(0, 3, 1, 2)
