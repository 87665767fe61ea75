"""Cutout (DeVries and Taylor 2017)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from grevy.recipes.kinds import AugmentationConfig, Stage
from grevy.recipes.parts import register_augmentation

if TYPE_CHECKING:
    from grevy.data.augment.batch import Batch, Change


class CutoutConfig(AugmentationConfig):
    """What it reads."""

    stage: ClassVar[Stage] = "after normalising"
    order: ClassVar[int] = 10
    among: ClassVar[bool] = True

    cutout: Annotated[int, Field(ge=0, le=4096)] = 0
    """Side in pixels of a square set to the mean (DeVries and Taylor 2017)."""


@register_augmentation("cutout", config=CutoutConfig)
def build(config: CutoutConfig) -> Change:
    """A square of each picture, about a pixel of its own."""
    from grevy.data.augment.cutout import cutout, draw_centres

    def change(batch: Batch) -> Batch:
        height, width = batch.images_BCHW.shape[2:]
        centres = draw_centres(len(batch), height, width, batch.generator)
        return batch.showing(cutout(batch.images_BCHW, *centres, config.cutout))

    return change
