"""How much the pictures of each class count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from grevy.errors import RecipeValueError


def weights_of_classes(
    wanted: str | Mapping[str, float],
    classes: Sequence[str],
    counts_K: Tensor,
    device: torch.device,
) -> Tensor | None:
    """Weights [K] as float32; None: all alike.

    Args:
        wanted: "none"; "balanced", n / (K · n_k), by which every class weighs as much as any other
            (King and Zeng 2001); or weights by class name, 1 for those that are not named.
        classes: names, in the order of the weights.
        counts_K: train pictures of each class, int64 on the CPU.
        device: of the weights.

    Raises:
        RecipeValueError: a class that there is not.
    """
    if wanted == "none":
        return None
    if isinstance(wanted, str):
        weights_K = counts_K.sum() / (len(classes) * counts_K)
        return weights_K.to(device, torch.float32)
    if unknown := [name for name in wanted if name not in classes]:
        raise RecipeValueError(
            f"loss.class_weights for the class '{unknown[0]}'",
            f"one of {', '.join(classes[:20])}",
            "correct the name",
        )
    return torch.tensor([wanted.get(name, 1.0) for name in classes], device=device)
