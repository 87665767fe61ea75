"""The network as a training begins with it: weights, device, layout, and its first filters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from grevy.classifier.precision import train_depthwise_in_fp32
from grevy.data.batches import PicturesOnDevice
from grevy.data.types import ImageData
from grevy.errors import ModelArgumentError
from grevy.models import build_model
from grevy.models.pairing import Pairing, begin_like
from grevy.models.transfer.frozen import TrainedLayers, freeze, trained_layers
from grevy.models.transfer.head import head_layers
from grevy.models.transfer.initial import InitialWeights, begin_with
from grevy.models.transfer.preprocessing import builder_arguments, preprocessing_note
from grevy.models.transfer.resize import input_side, resize
from grevy.models.whitening import whitening_layers
from grevy.recipes.schema import ModelConfig, Recipe
from grevy.training.sizes import refuse_sizes

WHITENING_PIXELS = 5000 * 32 * 32
"""What is looked at: 5,000 pictures of CIFAR-10, as in Jordan 2024, or as much of larger ones."""


@dataclass(frozen=True)
class InitialNetwork:
    """The network that a training begins with, and where its weights are from.

    Attributes:
        model: on the device that trains it.
        layers: which of them are trained.
        weights: from elsewhere, in all but its head; None: they are the seed's.
        pairing: what it shares with another network; None: it was not made like one.
    """

    model: nn.Module
    layers: TrainedLayers
    weights: InitialWeights | None
    pairing: Pairing | None


def initial_network(
    data: ImageData, recipe: Recipe, seed: int, like: ModelConfig | None, train: PicturesOnDevice
) -> InitialNetwork:
    """The network as the seed makes it, then like another, then with weights from elsewhere.

    Args:
        data: says the input shape and the classes.
        recipe: which network, which of its layers are trained, and on which sizes of picture.
        seed: of the network that `like` describes; its own weights come from torch's global state.
        like: a network whose initial weights are taken wherever name and shape match.
        train: the train split on the device, for whitening filters.

    Raises:
        ModelError, WeightsError: it can't be built.
        RecipeValueError: layers that it does not have, or sizes of picture that it does not take.
    """
    model, classes = recipe.model, len(data.classes)
    arguments = builder_arguments(model)
    network = build_model(model.name, data.input_shape, classes, **arguments)
    pairing = None if like is None else begin_like(network, like, seed, data.input_shape, classes)
    weights = None
    if model.weights != "none":
        weights = begin_with(network, model.name, model.weights, model.which)
        weights = weights.with_note(preprocessing_note(recipe))
    if pairing and _other_weights(pairing.like, model):
        head = tuple(f"{layer}." for layer in head_layers(network))
        pairing = pairing.without(n for n in pairing.shared if not n.startswith(head))
    if not any(True for _ in network.parameters()):
        raise ModelArgumentError(
            f"model '{model.name}' without a parameter", "weights to train", "add a layer"
        )
    layers = trained_layers(network, recipe.transfer.train)
    freeze(network, layers)
    network = place(network, train.device, recipe.augment.sizes, data.input_shape)
    if weights is None:  # weights from elsewhere bring their own filters
        whiten_first_layer(network, train, arguments.get("interpolation", "bicubic"))
    return InitialNetwork(network, layers, weights, pairing)


def _other_weights(one: ModelConfig, other: ModelConfig) -> bool:
    """Whether two networks begin with different weights from elsewhere, or one of them without."""
    if one.weights == other.weights == "none":
        return False
    return (one.name, one.weights, one.which) != (other.name, other.weights, other.which)


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
    interpolation: str,
) -> None:
    """Give the whitening layer its filters; a network without one stays as it is.

    They depend on the data and its normalisation, not on the seed. From then on they are weights
    like all others: checkpoints and the finished record hold them, and nothing needs the pictures
    again.

    Args:
        network: whose first layer it is, on the pictures' device.
        train: the train split and no other; pictures evenly spread over it are looked at.
        interpolation: where the network resizes its pictures.
    """
    layers = whitening_layers(network)
    if not layers:
        return
    side = input_side(network)
    pixels = side**2 if side else math.prod(train.shape[2:])
    count = min(len(train), max(1, WHITENING_PIXELS // pixels))
    index_B = torch.arange(count, device=train.device) * len(train) // count
    images_BCHW = train.inputs(index_B)
    for layer in layers:
        layer.whiten(resize(images_BCHW, side, interpolation) if side else images_BCHW)
