"""Mixup and cutmix: every picture is mixed with another of its batch, and so is its target."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from grevy.data.augment.draws import integers, uniform
from grevy.data.to_device import to_device


def mix(
    images_BCHW: Tensor,
    labels_B: Tensor,
    mixup_alpha: float,
    cutmix_alpha: float,
    classes: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Apply mixup or cutmix; where both are on, a fair coin decides for the whole batch.

    Args:
        images_BCHW: float pictures.
        labels_B: int64.
        mixup_alpha: of its Beta distribution; 0 is off.
        cutmix_alpha: likewise; one of the two is on.
        classes: K.
        generator: of this step.

    Returns:
        The mixed pictures and probabilities `[B, K]` as float32.
    """
    partner_B = torch.randperm(len(images_BCHW), generator=generator)
    partner_B = to_device(partner_B, images_BCHW.device)
    heads = bool(torch.rand((), generator=generator) < 0.5)
    targets_BK = F.one_hot(labels_B, classes).to(torch.float32)
    if mixup_alpha > 0 and (cutmix_alpha == 0 or heads):
        kept = draw_beta(mixup_alpha, generator)
        return mixup(images_BCHW, targets_BK, partner_B, kept)
    height, width = images_BCHW.shape[2:]
    box = draw_box(height, width, draw_beta(cutmix_alpha, generator), generator)
    return cutmix(images_BCHW, targets_BK, partner_B, box)


def mixup(
    images_BCHW: Tensor, targets_BK: Tensor, partner_B: Tensor, kept: float
) -> tuple[Tensor, Tensor]:
    """Average each picture and target with its partner's (Zhang et al. 2017, arXiv:1710.09412).

    Args:
        images_BCHW: float pictures.
        targets_BK: probabilities.
        partner_B: position in the batch of each picture's partner.
        kept: weight of the picture itself in [0, 1].
    """
    images = torch.lerp(images_BCHW[partner_B], images_BCHW, kept)
    return images, torch.lerp(targets_BK[partner_B], targets_BK, kept)


def cutmix(
    images_BCHW: Tensor, targets_BK: Tensor, partner_B: Tensor, box: tuple[int, int, int, int]
) -> tuple[Tensor, Tensor]:
    """Paste a box of its partner into each picture (Yun et al. 2019, arXiv:1905.04899).

    The target's weights are the true areas.

    Args:
        images_BCHW: pictures.
        targets_BK: probabilities.
        partner_B: position in the batch of each picture's partner.
        box: first row, row after the last, first column, column after the last.
    """
    top, bottom, left, right = box
    images = images_BCHW.clone()
    images[:, :, top:bottom, left:right] = images_BCHW[partner_B, :, top:bottom, left:right]
    height, width = images_BCHW.shape[2:]
    kept = 1 - (bottom - top) * (right - left) / (height * width)
    return images, torch.lerp(targets_BK[partner_B], targets_BK, kept)


def draw_box(
    height: int, width: int, kept: float, generator: torch.Generator
) -> tuple[int, int, int, int]:
    """Draw a box of `1 − kept` of the area, its centre uniform, clipped at the border."""
    side = math.sqrt(1 - kept)
    top, bottom = _span(height, side, generator)
    left, right = _span(width, side, generator)
    return top, bottom, left, right


def _span(size: int, part: float, generator: torch.Generator) -> tuple[int, int]:
    """Draw a span of `part` of the pixels about a uniform centre, clipped to 0..size."""
    length = round(size * part)
    start = int(integers(1, 0, size - 1, generator)) - length // 2
    return max(start, 0), min(start + length, size)


def draw_beta(alpha: float, generator: torch.Generator) -> float:
    """Draw from the Beta(alpha, alpha) distribution by its inverse cumulative function."""
    from scipy.special import betaincinv

    return float(betaincinv(alpha, alpha, uniform((), 0.0, 1.0, generator).item()))
