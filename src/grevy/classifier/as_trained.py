"""A trained network that computes as its training did, so that its figures come out again."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from grevy.models.transfer.cut import find_cut
from grevy.models.transfer.front import KEPT_AS, front_of
from grevy.models.transfer.frozen import trained_layers
from grevy.models.transfer.resize import input_side
from grevy.records.run_record import RunRecord


def as_trained(network: nn.Module, record: RunRecord) -> nn.Module:
    """The network itself, or front and back apart where features of the front were kept.

    Both are the same function, but not rounded at the same places: in bf16 a few pictures of a
    thousand near a border between classes change sides.

    Args:
        network: with its trained weights, in evaluation mode and on its device.
        record: of its run.
    """
    if record.trained is None or record.trained.cut is None:
        return network
    recipe = record.load_sections("model", "transfer")
    cut = find_cut(network, trained_layers(network, recipe.transfer.train))
    if cut is None or cut.after != record.trained.cut:  # by another release of its package
        return network
    number = getattr(torch, KEPT_AS[record.precision])
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
