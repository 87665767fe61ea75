"""What augmentations hand on: a batch of train pictures, and what its random numbers come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """A batch on its way through the pipeline; its tensors are never changed in place.

    Attributes:
        images_BCHW: uint8 before normalising, float32 after it.
        targets: int64 labels [B], or probabilities [B, K].
        ids_B: int64 index of each picture in its split.
        classes: K.
        epoch: counted from 0.
        generator: on the CPU, seeded by (seed, step): what everything random is drawn from.
        run_number: one number a run, the same in every step.
    """

    images_BCHW: Tensor
    targets: Tensor
    ids_B: Tensor
    classes: int
    epoch: int
    generator: torch.Generator
    run_number: int

    def __len__(self) -> int:
        return len(self.images_BCHW)

    def showing(self, images_BCHW: Tensor) -> Batch:
        """The same with other pictures."""
        return replace(self, images_BCHW=images_BCHW)


Change: TypeAlias = Callable[[Batch], Batch]
"""What an augmentation does."""
