"""What a network says about a whole split, and how good that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from grevy.classifier.precision import autocast
from grevy.data.augment.augmented_view import PLAIN, AugmentedView
from grevy.data.batches import SplitOnDevice
from grevy.data.features import FeaturesOnDevice
from grevy.data.randomness import own_kernels
from grevy.models.finite import require_finite_logits
from grevy.models.survey.ready import evaluating
from grevy.models.transfer.resize import input_side

PIXELS_AT_ONCE = 512 * 32 * 32
MOST_AT_ONCE = 4096
TIMES_ON_ACCELERATORS = 8
"""So many more pixels at once: a GPU is idle between small batches."""

FEATURES_AT_ONCE = 2**22
"""Numbers: layers behind a cut are often some times as wide as its features."""


@torch.no_grad()
def logits_of(
    model: nn.Module,
    pictures: SplitOnDevice,
    precision: str,
    view: AugmentedView = PLAIN,
    index_N: Tensor | None = None,
    *,
    names: Sequence[str] = (),
) -> Tensor:
    """Logits [N, K], finite, float32, on the CPU. Leaves every layer in the mode it was in.

    Args:
        model: the network, on the pictures' device.
        pictures: all pictures of the split, or their features where `model` is the network's back.
        precision: "fp32" or "bf16".
        view: how each picture is shown.
        index_N: which pictures; None: all.
        names: of all pictures of the split, for an error.

    Raises:
        NotFiniteError: the network answers with NaN or infinity.
    """
    pieces = []
    every_N = torch.arange(len(pictures)) if index_N is None else index_N
    at_once = _batch_size(pictures, input_side(model))
    with evaluating(model):
        for index_B in torch.split(every_N.to(pictures.device), at_once):
            inputs = pictures.inputs(index_B, view)
            with autocast(precision, pictures.device):
                logits_BK = model(inputs)
            pieces.append(logits_BK.float())
        logits_NK = torch.cat(pieces).cpu()  # an accelerator is waited for once
        shown = [names[i] for i in every_N.tolist()] if names else []
        require_finite_logits(
            model, logits_NK, shown, "", lambda row: pictures.inputs(every_N[row : row + 1], view)
        )
    return logits_NK


def finite_logits(
    model: nn.Module, images_BCHW: Tensor, precision: str, names: Sequence[str]
) -> Tensor:
    """Logits [B, K], float32, of pictures with those names; errors as `logits_of`."""
    precise = autocast(precision, images_BCHW.device)
    with torch.no_grad(), own_kernels(), evaluating(model):
        with precise:
            logits_BK: Tensor = model(images_BCHW)
        require_finite_logits(model, logits_BK, names, "", lambda row: images_BCHW[row : row + 1])
    return logits_BK.float()


def score(logits_NK: Tensor, labels_N: Tensor) -> dict[str, Any]:
    """Mean cross-entropy (nats), accuracy (0 to 1) and n. A loss that is not finite is None."""
    labels_N = labels_N.to(logits_NK.device)
    loss = float(F.cross_entropy(logits_NK.double(), labels_N))
    accuracy = float((logits_NK.argmax(1) == labels_N).double().mean())
    return {
        "loss": loss if math.isfinite(loss) else None,
        "accuracy": accuracy,
        "n": len(labels_N),
    }


def losses_of(logits_NK: Tensor, labels_N: Tensor) -> Tensor:
    """Cross-entropy [N] (nats, float64) of each picture."""
    return F.cross_entropy(logits_NK.double(), labels_N.to(logits_NK.device), reduction="none")


def _batch_size(pictures: SplitOnDevice, side: int | None) -> int:
    """As many pictures as keep the activations in moderate memory."""
    if isinstance(pictures, FeaturesOnDevice):
        return max(1, min(len(pictures), FEATURES_AT_ONCE // math.prod(pictures.shape[1:])))
    places = side**2 if side else math.prod(pictures.shape[2:])
    at_once = PIXELS_AT_ONCE * (1 if pictures.device.type == "cpu" else TIMES_ON_ACCELERATORS)
    return max(1, min(len(pictures), at_once // places, MOST_AT_ONCE))
