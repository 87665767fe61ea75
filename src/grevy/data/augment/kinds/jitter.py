"""Colour jitter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from grevy.recipes.kinds import AugmentationConfig, NonNegative
from grevy.recipes.parts import register_augmentation

if TYPE_CHECKING:
    from grevy.data.augment.batch import Batch, Change


class JitterConfig(AugmentationConfig):
    """What it reads."""

    order: ClassVar[int] = 40
    among: ClassVar[bool] = True

    brightness: NonNegative = 0.0
    """Factor drawn from [1 - x, 1 + x], never below 0."""

    contrast: NonNegative = 0.0
    """Factor drawn from [1 - x, 1 + x], never below 0."""

    saturation: NonNegative = 0.0
    """Factor drawn from [1 - x, 1 + x], never below 0."""

    hue: Annotated[float, Field(ge=0.0, le=0.5)] = 0.0
    """Turn drawn from [-x, x] of the colour circle."""


@register_augmentation("jitter", config=JitterConfig)
def build(config: JitterConfig) -> Change:
    """Brightness, contrast, saturation and hue, in this order."""
    from grevy.data.augment.colour import jitter

    def change(batch: Batch) -> Batch:
        spreads = (config.brightness, config.contrast, config.saturation)
        return batch.showing(jitter(batch.images_BCHW, spreads, config.hue, batch.generator))

    return change
