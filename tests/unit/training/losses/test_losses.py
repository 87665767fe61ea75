"""Losses against formulas written out, and against PyTorch's own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

import grevy
from grevy.errors import RecipeValueError
from grevy.recipes.parts import config_of
from grevy.training.listeners.listener import Listener
from grevy.training.losses.class_weights import weights_of_classes
from grevy.training.losses.loss import Loss, build_loss

CPU = torch.device("cpu")
CLASSES = ("ant", "bee", "cat")
COUNTS_K = torch.tensor([10, 5, 1])
LOGITS_BK = torch.randn(7, 3, generator=torch.Generator().manual_seed(1))
LABELS_B = torch.tensor([0, 1, 2, 2, 1, 0, 2])
MIXED_BK = 0.25 * F.one_hot(LABELS_B) + 0.75 * F.one_hot(LABELS_B.flip(0))


def loss_of(name: str, **fields: Any) -> Loss:
    return build_loss(config_of("loss", name, **fields), CLASSES, COUNTS_K, CPU)


@pytest.mark.parametrize("targets", [LABELS_B, MIXED_BK], ids=["labels", "mixed"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_cross_entropy_is_pytorchs_bit_by_bit(targets: torch.Tensor, smoothing: float) -> None:
    loss = loss_of("cross-entropy", label_smoothing=smoothing)
    for reduction in ("mean", "none"):
        theirs = F.cross_entropy(LOGITS_BK, targets, label_smoothing=smoothing, reduction=reduction)
        assert torch.equal(loss(LOGITS_BK, targets, reduction=reduction), theirs)  # type: ignore[arg-type]


@pytest.mark.parametrize("gamma", [0.5, 2.0, 5.0])
def test_focal_loss_is_equation_5(gamma: float) -> None:
    """FL(p_t) = −α_t (1 − p_t)^γ log(p_t), worked picture by picture."""
    alpha = {"ant": 0.25, "bee": 1.0, "cat": 4.0}
    by_hand, weights = [], []
    for logits, label in zip(LOGITS_BK.tolist(), LABELS_B.tolist(), strict=True):
        p = math.exp(logits[label]) / sum(map(math.exp, logits))
        a = list(alpha.values())[label]
        by_hand.append(-a * (1 - p) ** gamma * math.log(p))
        weights.append(a)
    loss = loss_of("focal", gamma=gamma, class_weights=alpha)
    assert loss(LOGITS_BK, LABELS_B, reduction="none").tolist() == pytest.approx(by_hand, rel=1e-5)
    mean = sum(by_hand) / sum(weights)
    assert loss(LOGITS_BK, LABELS_B).item() == pytest.approx(mean, rel=1e-5)


@pytest.mark.parametrize("targets", [LABELS_B, MIXED_BK], ids=["labels", "mixed"])
def test_focal_loss_without_gamma_is_cross_entropy(targets: torch.Tensor) -> None:
    same = {"label_smoothing": 0.1, "class_weights": "balanced"}
    focal, plain = loss_of("focal", gamma=0, **same), loss_of("cross-entropy", **same)
    for reduction in ("mean", "none"):
        ours = focal(LOGITS_BK, targets, reduction=reduction)  # type: ignore[arg-type]
        theirs = plain(LOGITS_BK, targets, reduction=reduction)  # type: ignore[arg-type]
        assert torch.allclose(ours, theirs, rtol=1e-5)


def test_a_picture_that_is_surely_right_has_a_gradient_of_zero_and_not_nan() -> None:
    logits_BK = torch.tensor([[200.0, 0.0, 0.0]], requires_grad=True)
    torch.autograd.backward(loss_of("focal", gamma=0.5)(logits_BK, torch.tensor([0])))
    assert logits_BK.grad is not None
    assert logits_BK.grad.abs().max() < 1e-6


def test_balanced_weights_make_classes_count_alike() -> None:
    weights_K = weights_of_classes("balanced", CLASSES, COUNTS_K, CPU)
    assert weights_K is not None
    assert weights_K.tolist() == pytest.approx([16 / 30, 16 / 15, 16 / 3])
    assert (weights_K * COUNTS_K).tolist() == pytest.approx([16 / 3] * 3)


def test_weights_by_name_are_one_for_the_others() -> None:
    weights_K = weights_of_classes({"cat": 2.0}, CLASSES, COUNTS_K, CPU)
    assert weights_K is not None
    assert weights_K.tolist() == [1, 1, 2]
    assert weights_of_classes("none", CLASSES, COUNTS_K, CPU) is None
    with pytest.raises(RecipeValueError, match="class 'dog'"):
        weights_of_classes({"dog": 2.0}, CLASSES, COUNTS_K, CPU)


Stripes = dict[str, tuple[np.ndarray, np.ndarray]]


def test_a_training_makes_the_loss_of_its_recipe_small(stripes: Stripes, tmp_path: Any) -> None:
    """The first step's is that of the initial network by hand; a check's is cross-entropy."""
    base = {"batch_size": 36, "epochs": 1, "precision": "fp32"}
    weighted = {**base, "loss": {"name": "focal", "class_weights": {"down": 3.0}}}
    runs = {
        name: grevy.train(stripes, recipe, out=tmp_path / name, listener=Listener())
        for name, recipe in (("plain", base), ("focal", weighted))
    }
    first = {name: run.steps[0]["loss"] for name, run in runs.items()}
    assert first["focal"] < first["plain"] / 2  # (1 − 1/2)² of it, with two classes
    checks = {name: run.checks[0]["loss"] for name, run in runs.items()}
    assert checks["focal"] > 0.3  # nats of cross-entropy, not of the focal loss
