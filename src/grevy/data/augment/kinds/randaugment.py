"""RandAugment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from grevy.recipes.config import ReadWhen
from grevy.recipes.kinds import AugmentationConfig
from grevy.recipes.parts import register_augmentation

if TYPE_CHECKING:
    from grevy.data.augment.batch import Batch, Change


class RandAugmentConfig(AugmentationConfig):
    """What it reads."""

    order: ClassVar[int] = 50
    among: ClassVar[bool] = True

    randaugment: Annotated[int, Field(ge=0, le=100)] = 0
    """Operations a picture, of the fourteen of RandAugment (Cubuk 2019)."""

    randaugment_magnitude: Annotated[
        int,
        Field(ge=0, le=30),
        ReadWhen("augment.randaugment above 0", lambda own: own.randaugment > 0),
    ] = 9
    """Strength of these operations, 0 to 30."""

    @property
    def is_on(self) -> bool:
        """With one operation at least."""
        return self.randaugment > 0


@register_augmentation("randaugment", config=RandAugmentConfig)
def build(config: RandAugmentConfig) -> Change:
    """Operations drawn for each picture, all of one strength."""
    from grevy.data.augment.randaugment import randaugment

    def change(batch: Batch) -> Batch:
        rounds, magnitude = config.randaugment, config.randaugment_magnitude
        return batch.showing(randaugment(batch.images_BCHW, rounds, magnitude, batch.generator))

    return change
