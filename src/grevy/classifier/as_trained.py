"""A trained network that computes as its training did, so that its figures come out again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from grevy.models.transfer.cut import find_cut
from grevy.models.transfer.front import KEPT_AS, front_of
from grevy.models.transfer.frozen import trained_part
from grevy.models.transfer.resize import input_side
from grevy.recipes.load import load_recipe


def as_trained(network: nn.Module, facts: Mapping[str, Any]) -> nn.Module:
    """The network itself, or front and back apart where features of the front were kept.

    Both are the same function, but not rounded at the same places: in bf16 a few pictures of a
    thousand near a border between classes change sides.

    Args:
        network: with its trained weights, in evaluation mode and on its device.
        facts: run.json.
    """
    if not (facts.get("trained") or {}).get("cut"):
        return network
    recipe = load_recipe(facts["recipe"])
    cut = find_cut(network, trained_part(network, recipe.transfer.train))
    if cut is None or cut.after != facts["trained"]["cut"]:  # by another release of its package
        return network
    number = getattr(torch, KEPT_AS[facts["precision"]])
    joined = _Joined(front_of(network, cut, recipe.model), cut.back_of(network), number).eval()
    joined.input_side = input_side(network)  # type: ignore[assignment]
    return joined


class _Joined(nn.Module):
    def __init__(self, front: nn.Module, back: nn.Module, number: torch.dtype) -> None:
        super().__init__()
        self.front, self.back, self.number = front, back, number

    def forward(self, images_BCHW: Tensor) -> Tensor:
        features = self.front(images_BCHW).to(self.number).float()
        logits_BK: Tensor = self.back(features)
        return logits_BK
