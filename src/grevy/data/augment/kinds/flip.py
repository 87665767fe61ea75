"""Left-right flips."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import BeforeValidator

from grevy.recipes.kinds import AugmentationConfig
from grevy.recipes.parts import register_augmentation

if TYPE_CHECKING:
    from grevy.data.augment.batch import Batch, Change


def _flip_name(value: object) -> object:
    return {True: "random", False: "none"}.get(value, value) if isinstance(value, bool) else value


class FlipConfig(AugmentationConfig):
    """What it reads."""

    order: ClassVar[int] = 10
    among: ClassVar[bool] = True

    flip: Annotated[Literal["none", "random", "alternating"], BeforeValidator(_flip_name)] = "none"
    """Left-right: with probability 0.5, or alternating (Jordan 2024): at random in the first
    epoch, then the other way round every epoch."""


@register_augmentation("flip", config=FlipConfig)
def build(config: FlipConfig) -> Change:
    """At random, or every other epoch the other way round."""
    from grevy.data.augment.flip import alternating_flips, draw_flips, flip

    def change(batch: Batch) -> Batch:
        if config.flip == "random":
            flipped_B = draw_flips(len(batch), batch.generator)
        else:
            flipped_B = alternating_flips(batch.ids_B, batch.epoch, batch.run_number)
        return batch.showing(flip(batch.images_BCHW, flipped_B))

    return change
