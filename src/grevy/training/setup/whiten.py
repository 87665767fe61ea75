"""The filters of a whitening layer, taken from train pictures when a training begins.

They depend on the data and its normalisation, not on the seed. From then on they are weights like
all others: checkpoints and the finished record hold them, and nothing needs the pictures again.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from grevy.data.batches import PicturesOnDevice
from grevy.models.transfer.resize import input_side, resize
from grevy.models.whitening import whitening_layers

PIXELS = 5000 * 32 * 32
"""What is looked at: 5,000 pictures of CIFAR-10, as in Jordan 2024, or as much of larger ones."""


def whiten_first_layer(
    network: nn.Module,
    train: PicturesOnDevice,
    mean_C: Tensor,
    standard_deviation_C: Tensor,
    interpolation: str,
) -> None:
    """Give the whitening layer its filters; a network without one stays as it is.

    Args:
        network: whose first layer it is, on the pictures' device.
        train: the train split and no other; pictures evenly spread over it are looked at.
        mean_C: of the normalisation, one a channel.
        standard_deviation_C: likewise.
        interpolation: where the network resizes its pictures.
    """
    layers = whitening_layers(network)
    if not layers:
        return
    side = input_side(network)
    pixels = side**2 if side else math.prod(train.shape[2:])
    count = min(len(train), max(1, PIXELS // pixels))
    index_B = torch.arange(count, device=train.device) * len(train) // count
    images_BCHW = train.inputs(index_B, mean_C, standard_deviation_C)
    for layer in layers:
        layer.whiten(resize(images_BCHW, side, interpolation) if side else images_BCHW)
