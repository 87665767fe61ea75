"""Shifts by whole pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from grevy.recipes.kinds import AugmentationConfig
from grevy.recipes.parts import register_augmentation

if TYPE_CHECKING:
    from grevy.data.augment.batch import Batch, Change


class TranslateConfig(AugmentationConfig):
    """What it reads."""

    order: ClassVar[int] = 20
    among: ClassVar[bool] = True

    translate: Annotated[int, Field(ge=0, le=4096)] = 0
    """Random shift by up to so many pixels, the border filled by reflection."""


@register_augmentation("translate", config=TranslateConfig)
def build(config: TranslateConfig) -> Change:
    """Each picture by its own number of pixels, down and to the right."""
    from grevy.data.augment.geometry import draw_shifts, translate

    def change(batch: Batch) -> Batch:
        shifts = draw_shifts(len(batch), config.translate, batch.generator)
        return batch.showing(translate(batch.images_BCHW, *shifts))

    return change
