"""The network as a training begins with it: weights, device, layout, and its first filters."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from grevy.classifier.precision import train_depthwise_in_fp32
from grevy.data.batches import PicturesOnDevice
from grevy.data.types import ImageData
from grevy.models import build_model
from grevy.models.pairing import Pairing, begin_like
from grevy.models.transfer.head import head_name
from grevy.models.transfer.initial import Beginning, begin_with
from grevy.models.transfer.preprocessing import builder_arguments
from grevy.models.transfer.resize import input_side, resize
from grevy.models.whitening import whitening_layers
from grevy.recipes.schema import ModelConfig, Recipe
from grevy.training.sizes import refuse_sizes

WHITENING_PIXELS = 5000 * 32 * 32
"""What is looked at: 5,000 pictures of CIFAR-10, as in Jordan 2024, or as much of larger ones."""


def initial_network(
    data: ImageData, recipe: Recipe, seed: int, like: ModelConfig | None
) -> tuple[Any, Pairing | None, Beginning | None]:
    """The network as the seed makes it, then like another, then with weights from elsewhere."""
    model, classes = recipe.model, len(data.classes)
    network = build_model(model.name, data.input_shape, classes, **builder_arguments(model))
    pairing = None if like is None else begin_like(network, like, seed, data.input_shape, classes)
    source = model.weights
    beginning = None if source == "none" else begin_with(network, model.name, source)
    if pairing and _other_weights(pairing.like, model):
        head = f"{head_name(network)}."
        pairing = pairing.without(n for n in pairing.shared if not n.startswith(head))
    return network, pairing, beginning


def _other_weights(one: ModelConfig, other: ModelConfig) -> bool:
    """Whether two networks begin with different weights from elsewhere, or one of them without."""
    if one.weights == other.weights == "none":
        return False
    return (one.name, one.weights) != (other.name, other.weights)


def place(
    network: nn.Module,
    device: torch.device,
    sizes: tuple[int, ...],
    input_shape: tuple[int, ...],
) -> Any:
    """The network on the device, its filters channels last, tried on every size of picture.

    Args:
        network: changed in place.
        device: where it is trained.
        sizes: sides in pixels that train pictures are resized to; may be empty.
        input_shape: channels, height, width.

    Raises:
        RecipeValueError: it does not take pictures of every size.
    """
    model = network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    if device.type == "cpu":
        train_depthwise_in_fp32(model)
    refuse_sizes(model, sizes, input_shape)
    return model


def whiten_first_layer(
    network: nn.Module,
    train: PicturesOnDevice,
    mean_C: Tensor,
    standard_deviation_C: Tensor,
    interpolation: str,
) -> None:
    """Give the whitening layer its filters; a network without one stays as it is.

    They depend on the data and its normalisation, not on the seed. From then on they are weights
    like all others: checkpoints and the finished record hold them, and nothing needs the pictures
    again.

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
    count = min(len(train), max(1, WHITENING_PIXELS // pixels))
    index_B = torch.arange(count, device=train.device) * len(train) // count
    images_BCHW = train.inputs(index_B, mean_C, standard_deviation_C)
    for layer in layers:
        layer.whiten(resize(images_BCHW, side, interpolation) if side else images_BCHW)
