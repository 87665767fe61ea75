"""The order of all changes: before normalising, normalise, after it."""

from __future__ import annotations

import torch
from torch import Tensor

from grevy.data.augment.batch import Batch, Change
from grevy.data.augment.normalise import normalise
from grevy.recipes.augment import AugmentConfig


class Pipeline:
    """Everything that a recipe does to a batch of train pictures.

    The order: flip, translation, crop, colour jitter, RandAugment, a plugin's, normalise, cutout, a
    plugin's, mixup or cutmix (`AugmentationConfig.stage` and `order`). An augmentation that is off
    draws nothing; with all off this is `normalise` and nothing else.
    """

    def __init__(self, config: AugmentConfig) -> None:
        self.config = config
        self._before: list[Change] = []
        self._after: list[Change] = []
        for part, own in config.active():
            stage = self._before if own.stage == "before normalising" else self._after
            stage.append(part.built(own))

    def __call__(self, batch: Batch, mean_C: Tensor, standard_deviation_C: Tensor) -> Batch:
        """Change uint8 pictures at random and normalise them, in the layout given."""
        layout = _layout(batch.images_BCHW)
        for change in self._before:
            batch = change(batch)
        images_BCHW = batch.images_BCHW.contiguous(memory_format=layout)
        batch = batch.showing(normalise(images_BCHW, mean_C, standard_deviation_C))
        for change in self._after:
            batch = change(batch)
        return batch


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
    batch = Batch(images_BCHW, labels_B, ids_B, classes, epoch, generator, flip_seed)
    done = Pipeline(config)(batch, mean_C, standard_deviation_C)
    return done.images_BCHW, done.targets


def _layout(images_BCHW: Tensor) -> torch.memory_format:
    if images_BCHW.is_contiguous():
        return torch.contiguous_format
    return torch.channels_last
