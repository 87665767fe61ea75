"""What is before the cut of a network, ready to make features of pictures."""

from __future__ import annotations

from torch import nn

from grevy.models.transfer.cut import Cut
from grevy.models.transfer.fuse import fuse_batch_norms
from grevy.models.transfer.preprocessing import builder_arguments
from grevy.models.transfer.resize import input_side, resize_input
from grevy.recipes.schema import ModelConfig

KEPT_AS = {"fp32": "float32", "bf16": "float16"}
"""Numbers on disk. A feature in bf16 has eight bits, of float16's eleven."""


def front_of(network: nn.Module, cut: Cut, model: ModelConfig) -> nn.Module:
    """What is before the cut, from pictures to features, in evaluation mode and batch norms folded.

    Args:
        network: whole.
        cut: of it.
        model: of the recipe; says how pictures are resized.
    """
    front = cut.front_of(network)
    front.eval()  # before its batch norms are folded
    front = fuse_batch_norms(front)
    side = input_side(network)
    return resize_input(front, side, builder_arguments(model)["interpolation"]) if side else front
