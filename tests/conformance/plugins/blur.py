"""An augmentation in one file."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from grevy.recipes.kinds import AugmentationConfig
from grevy.recipes.parts import register_augmentation


class BlurConfig(AugmentationConfig):
    """What it reads."""

    radius: Annotated[int, Field(ge=0, le=8)] = 0
    """Pixels to each side that are averaged; drawn from 0 to this for each batch."""


@register_augmentation("blur", config=BlurConfig)
def build(config):
    import torch
    from torch.nn import functional as F

    def change(batch):
        radius = int(torch.randint(config.radius + 1, (), generator=batch.generator))
        images_BCHW = F.pad(batch.images_BCHW.float(), [radius] * 4, mode="replicate")
        mean_BCHW = F.avg_pool2d(images_BCHW, 2 * radius + 1, stride=1)
        return batch.showing(mean_BCHW.round().to(torch.uint8))

    return change
