"""The battery of losses."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from grevy.recipes.parts import config_of
from grevy.testing.promises import Promises, watched
from grevy.training.losses.loss import build_loss

CLASSES = ("ant", "bee", "cat", "dog")
COUNTS_K = torch.tensor([40, 30, 20, 10])
CPU = torch.device("cpu")


def check_loss(name: str, **fields: Any) -> None:
    """Hold a loss to what training asks of one.

    Its config is frozen, documented and read as it says. It takes labels and probabilities, gives
    one finite number or one a picture, with a finite gradient, the same each time; right answers
    have a smaller one than wrong ones; what it is given stays as it is.

    Weights by class are for the classes ant, bee, cat and dog here.

    Raises:
        PartError: a promise is broken; which one.
        RecipeError: no loss of this name.
        pydantic.ValidationError: fields that it does not take.
    """
    promises, config = Promises("loss", name), config_of("loss", name, **fields)
    promises.config("loss", config)
    labels_B = torch.arange(8) % len(CLASSES)
    mixed_BK = 0.7 * F.one_hot(labels_B) + 0.3 * F.one_hot(labels_B.flip(0))
    logits_BK = torch.randn(8, 4, generator=torch.Generator().manual_seed(0))
    spy, read = watched(config)
    build_loss(spy, CLASSES, COUNTS_K, CPU)(logits_BK, labels_B)
    promises.reads(config, read)
    loss = build_loss(config, CLASSES, COUNTS_K, CPU)
    right_BK = 9.0 * F.one_hot(labels_B)
    for targets in (labels_B, mixed_BK):
        _check_targets(promises, loss, logits_BK, targets)
        better = bool(loss(right_BK, targets) < loss(-right_BK, targets))
        promises.require(better, "is not smaller for right answers than for wrong ones")


def _check_targets(promises: Promises, loss: Any, logits_BK: Tensor, targets: Tensor) -> None:
    given, wanted = logits_BK.clone().requires_grad_(), targets.clone()
    with promises.own_randomness():
        mean, each_B = loss(given, wanted), loss(given, wanted, reduction="none")
    promises.require(mean.shape == (), "does not give one number for a batch")
    promises.require(each_B.shape == (8,), "does not give one number for each picture")
    promises.require(bool(each_B.isfinite().all()), "is not finite")
    promises.require(bool(mean.isfinite()), "is not finite")
    torch.autograd.backward(mean)
    assert given.grad is not None
    promises.require(bool(given.grad.isfinite().all()), "has a gradient that is not finite")
    promises.require(bool((given.grad != 0).any()), "has no gradient")
    again = loss(logits_BK, targets)
    promises.require(torch.equal(mean.detach(), again), "differs for one batch")
    same = torch.equal(given.detach(), logits_BK) and torch.equal(wanted, targets)
    promises.require(same, "changes what it is given")
