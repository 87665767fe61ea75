"""Cross-entropy, with smoothed targets and weighted classes where asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from grevy.recipes.kinds import BelowOne, LossConfig, Positive
from grevy.recipes.parts import register_loss

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from grevy.training.losses.loss import Loss, Reduction


class CrossEntropyConfig(LossConfig):
    """What it reads."""

    label_smoothing: BelowOne = 0.0
    """Part of the target that is spread evenly over all classes (Szegedy 2015). In a recipe it may
    stand alone: `label_smoothing: 0.1`."""

    class_weights: Literal["none", "balanced"] | dict[str, Positive] = "none"
    """How much a picture counts: none, all alike; balanced, n / (K · n_k), so that each class
    counts as much as any other; or names of classes and their weights in turn, cat 2 dog 0.5, 1 for
    those that are not named. The mean over a batch is the weighted one."""


@register_loss("cross-entropy", config=CrossEntropyConfig)
def build(
    config: CrossEntropyConfig, classes: Sequence[str], counts_K: Tensor, device: torch.device
) -> Loss:
    """PyTorch's."""
    from torch.nn import functional as F

    from grevy.training.losses.class_weights import weights_of_classes

    weights_K = weights_of_classes(config.class_weights, classes, counts_K, device)
    smoothing = config.label_smoothing

    def loss(logits_BK: Tensor, targets: Tensor, reduction: Reduction = "mean") -> Tensor:
        return F.cross_entropy(
            logits_BK, targets, weights_K, label_smoothing=smoothing, reduction=reduction
        )

    return loss
