"""A loss in one file: the multi-class hinge loss of Crammer and Singer (2001)."""

from __future__ import annotations

from grevy.recipes.kinds import LossConfig, Positive
from grevy.recipes.parts import register_loss


class MarginConfig(LossConfig):
    """What it reads."""

    margin: Positive = 1.0
    """By how much the right logit is to lead."""


@register_loss("margin", config=MarginConfig)
def build(config, classes, counts_K, device):
    from torch.nn import functional as F

    def loss(logits_BK, targets, reduction="mean"):
        if targets.ndim == 1:
            targets = F.one_hot(targets, len(classes)).float()
        each_BK = [
            F.multi_margin_loss(
                logits_BK, targets.argmax(1) * 0 + k, margin=config.margin, reduction="none"
            )
            for k in range(len(classes))
        ]
        losses_B = sum(targets[:, k] * each for k, each in enumerate(each_BK))
        return losses_B if reduction == "none" else losses_B.mean()

    return loss
