"""What of a pretrained network is trained, and how what is frozen is kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from grevy.recipes.config import Config, ReadWhen


class TransferConfig(Config):
    """For networks that begin with weights from elsewhere; any network takes these fields."""

    train: str = "all"
    """all, head, last:N (the last N convolutions and what follows), or blocks:NAME,... and the
    head, or assignment: last:5, the choice of the source assignment."""

    frozen_statistics: bool = False
    """Batch norm keeps its running statistics in the trained layers, too; in frozen layers it
    always does."""

    depth_decay: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    """Learning rate of a block as a part of that of the block behind it; 1 is off."""

    unfreeze_every: Annotated[float, Field(ge=0.0, le=1e6)] = 0.0
    """Epochs after which one more block is trained, from the head on; 0 trains all from the
    start."""

    cache: Annotated[
        bool, ReadWhen("a transfer.train that freezes layers", lambda own: own.train != "all")
    ] = True
    """Compute what is frozen once for each picture and view, and keep it on disk, where
    augmentation allows."""

    cache_limit: Annotated[
        float,
        Field(gt=0.0, le=1e6),
        ReadWhen(
            "transfer.cache on and a transfer.train that freezes layers",
            lambda own: own.train != "all" and own.cache,
        ),
    ] = 20.0
    """Gigabytes that the kept features may take; beyond, they are computed in each epoch."""
