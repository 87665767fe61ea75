"""Focal loss: what the network is sure of counts less (Lin et al. 2017, arXiv:1708.02002)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from grevy.recipes.kinds import NonNegative
from grevy.recipes.parts import register_loss
from grevy.training.losses.kinds.cross_entropy import CrossEntropyConfig

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from grevy.training.losses.loss import Loss, Reduction


class FocalConfig(CrossEntropyConfig):
    """What it reads. `class_weights` are the α of the paper."""

    gamma: NonNegative = 2.0
    """How much less: −(1 − p)^gamma log p. 0 is cross-entropy."""


@register_loss("focal", config=FocalConfig)
def build(
    config: FocalConfig, classes: Sequence[str], counts_K: Tensor, device: torch.device
) -> Loss:
    """Equation 5 of the paper, −α_t (1 − p_t)^γ log p_t.

    Where a target has several classes, each adds its own by its part of the target. As in
    cross-entropy the mean over labels is divided by the sum of their weights.
    """
    import torch
    from torch.nn import functional as F

    from grevy.training.losses.class_weights import weights_of_classes

    weights_K = weights_of_classes(config.class_weights, classes, counts_K, device)
    smoothing, gamma, count = config.label_smoothing, config.gamma, len(classes)

    def loss(logits_BK: Tensor, targets: Tensor, reduction: Reduction = "mean") -> Tensor:
        log_p_BK = logits_BK.log_softmax(1)
        # A probability of 1 leaves nothing, whose root would have no gradient.
        left_BK = (-log_p_BK.expm1()).clamp(min=torch.finfo(log_p_BK.dtype).tiny)
        labels = targets.ndim == 1
        targets_BK = F.one_hot(targets, count).to(log_p_BK.dtype) if labels else targets
        smooth_BK = (1 - smoothing) * targets_BK + smoothing / count
        weighted_BK = smooth_BK if weights_K is None else smooth_BK * weights_K
        losses_B = -(weighted_BK * left_BK**gamma * log_p_BK).sum(1)
        if reduction == "none":
            return losses_B
        if labels and weights_K is not None:
            return losses_B.sum() / weights_K[targets].sum()
        return losses_B.mean()

    return loss
