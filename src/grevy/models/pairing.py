"""Arms of a study begin alike: one network's initial weights in another, wherever they fit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from grevy.data.randomness import own_randomness
from grevy.models import build_model
from grevy.models.transfer.preprocessing import builder_arguments
from grevy.recipes.schema import ModelConfig


@dataclass(frozen=True)
class Pairing:
    """What a network shares with the one that it begins like.

    Attributes:
        like: the other network.
        shared: parameters that have its initial weights.
        own: parameters that have no counterpart of that name and shape.
    """

    like: ModelConfig
    shared: tuple[str, ...]
    own: tuple[str, ...]

    def without(self, names: Iterable[str]) -> Pairing:
        """These parameters got weights from elsewhere afterwards: they are not shared."""
        other = set(names)
        shared = tuple(name for name in self.shared if name not in other)
        return Pairing(self.like, shared, (*self.own, *(n for n in self.shared if n in other)))

    def to_dict(self) -> dict[str, Any]:
        """For the record."""
        like = self.like.model_dump(mode="json")
        return {"like": like, "shared": list(self.shared), "own": list(self.own)}


def begin_like(
    model: nn.Module, like: ModelConfig, seed: int, input_shape: tuple[int, int, int], classes: int
) -> Pairing:
    """Give `model` the initial weights that `like` has under `seed`, where name and shape match.

    Args:
        model: freshly initialised; it is changed.
        like: of the study's baseline.
        seed: of the run.
        input_shape: channels, height, width.
        classes: number of outputs.
    """
    with own_randomness(seed):
        other = build_model(like.name, input_shape, classes, **builder_arguments(like))
    theirs = dict(other.named_parameters())
    shared: list[str] = []
    own: list[str] = []
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            fits = name in theirs and theirs[name].shape == parameter.shape
            (shared if fits else own).append(name)
            if fits:
                parameter.copy_(theirs[name])
    return Pairing(like, tuple(shared), tuple(own))
