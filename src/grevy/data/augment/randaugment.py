"""RandAugment (Cubuk et al. 2019, arXiv:1909.13719): random operations of one common strength."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

from grevy.data.augment import colour, levels, warp
from grevy.data.augment.geometry import to_bytes
from grevy.data.to_device import to_device

MOST_MAGNITUDE = 30

Operation: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""(uint8 pictures, signed strength of each in [−1, 1]) → uint8 pictures. Strength 0 changes
nothing, besides in the two operations that have no strength."""


def _posterize(images: Tensor, strength_G: Tensor) -> Tensor:
    return levels.posterize(images, 8 - (4 * strength_G.abs()).round())


def _solarize(images: Tensor, strength_G: Tensor) -> Tensor:
    return levels.solarize(images, 256 * (1 - strength_G.abs()))


def _enhance(change: Operation) -> Operation:
    def enhanced(images: Tensor, strength_G: Tensor) -> Tensor:
        return to_bytes(change(images.to(torch.float32), 1 + 0.9 * strength_G))

    return enhanced


# The fourteen operations, with the ranges of AutoAugment (Cubuk et al. 2018, table 6).
OPERATIONS: dict[str, Operation] = {
    "identity": lambda images, _: images,
    "auto-contrast": lambda images, _: levels.auto_contrast(images),
    "equalize": lambda images, _: levels.equalize(images),
    "rotate": lambda images, strength_G: warp.rotate(images, 30 * strength_G),
    "solarize": _solarize,
    "posterize": _posterize,
    "colour": _enhance(colour.saturation),
    "contrast": _enhance(colour.contrast),
    "brightness": _enhance(colour.brightness),
    "sharpness": lambda images, strength_G: levels.sharpness(images, 1 + 0.9 * strength_G),
    "shear-x": lambda images, strength_G: warp.shear_x(images, 0.3 * strength_G),
    "shear-y": lambda images, strength_G: warp.shear_y(images, 0.3 * strength_G),
    "translate-x": lambda images, strength_G: warp.slide_x(
        images, 150 / 331 * images.shape[3] * strength_G
    ),
    "translate-y": lambda images, strength_G: warp.slide_y(
        images, 150 / 331 * images.shape[2] * strength_G
    ),
}


def randaugment(
    images_BCHW: Tensor, rounds: int, magnitude: int, generator: torch.Generator
) -> Tensor:
    """Apply `rounds` operations to each uint8 picture, each drawn anew for each picture.

    Args:
        images_BCHW: uint8 pictures.
        rounds: operations a picture.
        magnitude: strength of all of them, 0 to 30; its sign is drawn for each picture.
        generator: of this step.
    """
    count = len(images_BCHW)
    for _ in range(rounds):
        choice_B = torch.randint(len(OPERATIONS), (count,), generator=generator)
        sign_B = 2 * torch.randint(2, (count,), generator=generator) - 1
        images_BCHW = _apply(images_BCHW, choice_B, sign_B * magnitude / MOST_MAGNITUDE)
    return images_BCHW


def _apply(images_BCHW: Tensor, choice_B: Tensor, strength_B: Tensor) -> Tensor:
    """Run each operation once, on the group of pictures that drew it."""
    result_BCHW = images_BCHW.clone()
    for number, operation in enumerate(OPERATIONS.values()):
        group_G = (choice_B == number).nonzero()[:, 0]
        if len(group_G) > 0:
            strength_G = to_device(strength_B[group_G], images_BCHW.device)
            group_G = to_device(group_G, images_BCHW.device)
            result_BCHW[group_G] = operation(images_BCHW[group_G], strength_G)
    return result_BCHW
