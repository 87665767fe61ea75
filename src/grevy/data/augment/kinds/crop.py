"""Random resized crops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from grevy.recipes.kinds import AugmentationConfig
from grevy.recipes.parts import register_augmentation

if TYPE_CHECKING:
    from grevy.data.augment.batch import Batch, Change


class CropConfig(AugmentationConfig):
    """What it reads."""

    order: ClassVar[int] = 30
    among: ClassVar[bool] = True

    crop_scale: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    """Random resized crop: smallest part of the area that is kept (Szegedy 2014); 1 is off."""


@register_augmentation("crop", config=CropConfig)
def build(config: CropConfig) -> Change:
    """A box of each picture, enlarged to the old size."""
    from grevy.data.augment.geometry import crop_and_resize, draw_crops

    def change(batch: Batch) -> Batch:
        height, width = batch.images_BCHW.shape[2:]
        boxes_B4 = draw_crops(len(batch), height, width, config.crop_scale, batch.generator)
        return batch.showing(crop_and_resize(batch.images_BCHW, boxes_B4))

    return change
