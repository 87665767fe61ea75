"""Mixup and cutmix, which share a coin."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from grevy.recipes.kinds import AugmentationConfig, NonNegative, Stage
from grevy.recipes.parts import register_augmentation

if TYPE_CHECKING:
    from grevy.data.augment.batch import Batch, Change


class MixConfig(AugmentationConfig):
    """What they read."""

    stage: ClassVar[Stage] = "after normalising"
    order: ClassVar[int] = 90
    among: ClassVar[bool] = True

    mixup: NonNegative = 0.0
    """Alpha of the Beta distribution of the mixing weight (Zhang 2017). With cutmix on as well, a
    fair coin chooses one of them for each batch."""

    cutmix: NonNegative = 0.0
    """Alpha of the Beta distribution of the pasted area (Yun 2019)."""


@register_augmentation("mix", config=MixConfig)
def build(config: MixConfig) -> Change:
    """One of the two for the whole batch."""
    from grevy.data.augment.mix import mix

    def change(batch: Batch) -> Batch:
        images_BCHW, targets_BK = mix(
            batch.images_BCHW,
            batch.targets,
            config.mixup,
            config.cutmix,
            batch.classes,
            batch.generator,
        )
        return replace(batch, images_BCHW=images_BCHW, targets=targets_BK)

    return change
