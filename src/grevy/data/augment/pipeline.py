"""The order of all changes, read top to bottom."""

from __future__ import annotations

import torch
from torch import Tensor

from grevy.data.augment.colour import jitter
from grevy.data.augment.cutout import cutout, draw_centres
from grevy.data.augment.flip import alternating_flips, draw_flips, flip
from grevy.data.augment.geometry import crop_and_resize, draw_crops, draw_shifts, translate
from grevy.data.augment.mix import mix
from grevy.data.augment.normalise import normalise
from grevy.data.augment.randaugment import randaugment
from grevy.recipes.schema import AugmentConfig


def augment(
    images_BCHW: Tensor,
    labels_B: Tensor,
    ids_B: Tensor,
    *,
    config: AugmentConfig,
    classes: int,
    epoch: int,
    mean_C: Tensor,
    standard_deviation_C: Tensor,
    generator: torch.Generator,
    flip_seed: int,
) -> tuple[Tensor, Tensor]:
    """Change a batch of train pictures at random and normalise it.

    The order: flip, translation, crop, colour jitter, RandAugment, normalise, cutout, mixup or
    cutmix. A stage that is off draws nothing; with all off this is `normalise` and nothing else.

    Args:
        images_BCHW: uint8 pictures, contiguous or channels_last; never changed.
        labels_B: int64 labels, on the pictures' device like all tensors here.
        ids_B: int64 index of each picture in its split, for alternating flips.
        config: what to do.
        classes: K.
        epoch: counted from 0, for alternating flips.
        mean_C: of pictures in [0, 1].
        standard_deviation_C: likewise.
        generator: on the CPU, seeded by (seed, step).
        flip_seed: one number a run, for alternating flips.

    Returns:
        Normalised float32 pictures in the layout given, and targets: the labels, or
        probabilities `[B, K]` with mixup or cutmix.
    """
    count, _, height, width = images_BCHW.shape
    layout = _layout(images_BCHW)
    images = images_BCHW

    if config.flip == "random":
        images = flip(images, draw_flips(count, generator))
    elif config.flip == "alternating":
        images = flip(images, alternating_flips(ids_B, epoch, flip_seed))
    if config.translate > 0:
        images = translate(images, *draw_shifts(count, config.translate, generator))
    if config.crop_scale < 1:
        images = crop_and_resize(
            images, draw_crops(count, height, width, config.crop_scale, generator)
        )
    if max(config.brightness, config.contrast, config.saturation, config.hue) > 0:
        images = jitter(images, config, generator)
    if config.randaugment > 0:
        images = randaugment(images, config.randaugment, config.randaugment_magnitude, generator)

    images = normalise(images.contiguous(memory_format=layout), mean_C, standard_deviation_C)

    if config.cutout > 0:
        images = cutout(images, *draw_centres(count, height, width, generator), config.cutout)
    if config.mixup > 0 or config.cutmix > 0:
        return mix(images, labels_B, config, classes, generator)
    return images, labels_B


def _layout(images_BCHW: Tensor) -> torch.memory_format:
    if images_BCHW.is_contiguous():
        return torch.contiguous_format
    return torch.channels_last
