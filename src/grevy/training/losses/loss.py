"""What a loss promises, and the one of a recipe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import torch
from torch import Tensor

from grevy.recipes.kinds import LossConfig
from grevy.recipes.parts import find_part

Reduction = Literal["mean", "none"]


class Loss(Protocol):
    """How wrong a network's answers to a batch are."""

    def __call__(self, logits_BK: Tensor, targets: Tensor, reduction: Reduction = "mean") -> Tensor:
        """The loss of the batch [], or with reduction "none" of each picture [B].

        Args:
            logits_BK: float32.
            targets: int64 labels [B], or probabilities [B, K].
            reduction: over the pictures.
        """


def build_loss(
    config: LossConfig, classes: Sequence[str], counts_K: Tensor, device: torch.device
) -> Loss:
    """The loss that a recipe names.

    Args:
        config: which, and what it reads.
        classes: names, in the order of the logits.
        counts_K: train pictures of each class, int64 on the CPU.
        device: of the logits.

    Raises:
        RecipeValueError: weights for a class that the data does not have.
    """
    loss: Loss = find_part("loss", config.name).built(config, classes, counts_K, device)
    return loss
