"""The source assignment's networks: convolution, ReLU, pooling, three times; two linear layers."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from grevy.errors import InputTooSmallError
from grevy.models.registry import register_model

WIDTHS = (32, 64, 128)
HIDDEN = 64
KERNEL = 5


@register_model("base")
def base(input_shape: tuple[int, int, int], classes: int) -> nn.Module:
    """Five layers; 390,410 parameters for 3×32×32 pictures and 10 classes."""
    return convnet(input_shape, classes)


@register_model("net1")
def net1(input_shape: tuple[int, int, int], classes: int) -> nn.Module:
    """`base` with batch normalisation before each ReLU and after the last linear layer."""
    return convnet(input_shape, classes, batch_norm=True)


@register_model("net2")
def net2(input_shape: tuple[int, int, int], classes: int, dropout: float = 0.05) -> nn.Module:
    """`base` with dropout after each pooling."""
    return convnet(input_shape, classes, dropout=dropout)


def convnet(
    input_shape: tuple[int, int, int],
    classes: int,
    batch_norm: bool = False,
    dropout: float = 0.0,
) -> nn.Sequential:
    """Layers in the assignment's order, under names that say what and where.

    Args:
        input_shape: channels, height, width.
        classes: number of outputs K.
        batch_norm: normalise before each ReLU and after the last linear layer.
        dropout: probability after each pooling; 0 leaves the layer out.

    Raises:
        InputTooSmallError: a pooling would leave nothing of the picture.
    """
    channels, height, width = input_shape
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for block, filters in enumerate(WIDTHS, start=1):
        layers[f"conv{block}"] = nn.Conv2d(channels, filters, KERNEL, padding=KERNEL // 2)
        if batch_norm:
            layers[f"norm{block}"] = nn.BatchNorm2d(filters)
        layers[f"relu{block}"] = nn.ReLU(inplace=True)
        layers[f"pool{block}"] = nn.MaxPool2d(2)
        if dropout:
            layers[f"dropout{block}"] = nn.Dropout(dropout)
        channels, height, width = filters, height // 2, width // 2
        _refuse_nothing(height, width, f"pool{block}", input_shape)
    layers["flatten"] = nn.Flatten()
    layers["linear1"] = nn.Linear(channels * height * width, HIDDEN)
    if batch_norm:
        layers["norm4"] = nn.BatchNorm1d(HIDDEN)
    layers["relu4"] = nn.ReLU(inplace=True)
    layers["linear2"] = nn.Linear(HIDDEN, classes)
    if batch_norm:
        layers["norm5"] = nn.BatchNorm1d(classes)
    return nn.Sequential(layers)


def _refuse_nothing(height: int, width: int, layer: str, input_shape: tuple[int, int, int]) -> None:
    if min(height, width) >= 1:
        return
    smallest = 2 ** len(WIDTHS)
    raise InputTooSmallError(
        f"a picture of {'×'.join(map(str, input_shape))}, which layer {layer} shrinks to nothing",
        f"at least {smallest}×{smallest} pixels",
        f"enlarge the pictures with --pictures.size {smallest} or more",
    )
