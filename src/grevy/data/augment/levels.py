"""Changes of a picture's gray levels, uint8 to uint8, as Pillow's ImageOps define them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from grevy.data.augment.colour import blend
from grevy.data.augment.geometry import to_bytes


def posterize(images_GCHW: Tensor, bits_G: Tensor) -> Tensor:
    """Keep the highest `bits` (0 to 8) of every pixel."""
    mask_G = 256 - 2 ** (8 - bits_G.to(torch.int64))
    return images_GCHW & mask_G.to(torch.uint8).view(-1, 1, 1, 1)


def solarize(images_GCHW: Tensor, threshold_G: Tensor) -> Tensor:
    """Invert all pixels at or above the threshold (0 to 256)."""
    bright_GCHW = images_GCHW >= threshold_G.view(-1, 1, 1, 1)
    return torch.where(bright_GCHW, 255 - images_GCHW, images_GCHW)


def auto_contrast(images_GCHW: Tensor) -> Tensor:
    """Stretch every channel to the full range; a channel of one level stays."""
    pixels = images_GCHW.to(torch.float32)
    darkest, brightest = pixels.amin((2, 3), keepdim=True), pixels.amax((2, 3), keepdim=True)
    stretched = (pixels - darkest) * (255 / (brightest - darkest).clamp(min=1))
    return torch.where(brightest > darkest, to_bytes(stretched), images_GCHW)


def equalize(images_GCHW: Tensor) -> Tensor:
    """Make every channel's histogram as flat as a table of levels can.

    Level v becomes `(below(v) + step // 2) // step`, where below(v) counts the darker pixels and
    step is a 255th of the pixels that are not of the brightest level; a channel with step 0 stays.
    """
    pixels_NP = images_GCHW.flatten(2).flatten(0, 1).to(torch.int64)
    counts_NL = _histograms(pixels_NP)
    below_NL = counts_NL.cumsum(1) - counts_NL
    not_brightest_N1 = below_NL.gather(1, pixels_NP.amax(1, keepdim=True))
    step_N1 = not_brightest_N1 // 255
    table_NL = (below_NL + step_N1 // 2) // step_N1.clamp(min=1)
    equalized_NP = table_NL.clamp_(max=255).gather(1, pixels_NP)
    result_NP = torch.where(step_N1 > 0, equalized_NP, pixels_NP)
    return result_NP.to(torch.uint8).view(images_GCHW.shape)


def _histograms(pixels_NP: Tensor) -> Tensor:
    """Count the 256 levels in each row; whole numbers, so deterministic on every device."""
    counts_NL = torch.zeros(len(pixels_NP), 256, dtype=torch.int64, device=pixels_NP.device)
    return counts_NL.scatter_add_(1, pixels_NP, torch.ones_like(pixels_NP))


def sharpness(images_GCHW: Tensor, factor_G: Tensor) -> Tensor:
    """Blend with a smoothed picture: 0 smooth, 1 unchanged, above 1 sharper.

    The smoothing kernel is 1/13 everywhere in 3×3 and 5/13 in the middle; the outermost pixels
    stay as they are.
    """
    if min(images_GCHW.shape[2:]) < 3:
        return images_GCHW
    pixels = images_GCHW.to(torch.float32)
    inner = pixels[:, :, 1:-1, 1:-1]
    smooth = (9 * F.avg_pool2d(pixels, kernel_size=3, stride=1) + 4 * inner) / 13
    result = images_GCHW.clone()
    result[:, :, 1:-1, 1:-1] = to_bytes(blend(smooth, inner, factor_G))
    return result
