"""A family of small networks: blocks of convolutions and a pooling, then linear layers.

The source assignment's networks are points of it: convolution, ReLU, pooling, three times, and two
linear layers. `recipes/convnet.py` says what each field means.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from grevy.errors import InputTooSmallError, ModelArgumentError
from grevy.models.initialisation import INITIALISATIONS
from grevy.models.multiply import Multiply
from grevy.models.registry import register_model
from grevy.models.residual import Residual
from grevy.models.whitening import Whitening

GROUPS = 8
"""Of group normalisation, where the channels can be divided so."""

NET1: Mapping[str, Any] = {"norm": "batch", "norm_logits": True}
NET2: Mapping[str, Any] = {"dropout": 0.05}
"""What the assignment's variants change of `base`."""

T = TypeVar("T")


@dataclass(frozen=True)
class Design:
    """One point of the family; the defaults are those of `base`."""

    activation: str = "relu"
    norm: str = "none"
    norm_scale: bool = True
    norm_momentum: float = 0.1
    norm_logits: bool = False
    dropout: float = 0.0
    dropout_place: str = "pooling"
    kernel: int = 5
    widths: tuple[int, ...] = (32, 64, 128)
    convolutions: int = 1
    residual: bool = False
    pooling: str = "max"
    pooling_place: str = "end"
    global_pooling: str = "none"
    whitening: int = 0
    hidden: int = 64
    bias: bool = True
    logit_scale: float = 1.0
    initialisation: str = "default"


@register_model("base")
def base(input_shape: tuple[int, int, int], classes: int, **changes: Any) -> nn.Module:
    """Five layers; 390,410 parameters for 3×32×32 pictures and 10 classes."""
    return convnet(input_shape, classes, Design(**changes))


@register_model("net1")
def net1(input_shape: tuple[int, int, int], classes: int, **changes: Any) -> nn.Module:
    """`base` with batch normalisation before each ReLU and after the last linear layer."""
    return convnet(input_shape, classes, Design(**{**NET1, **changes}))


@register_model("net2")
def net2(input_shape: tuple[int, int, int], classes: int, **changes: Any) -> nn.Module:
    """`base` with dropout after each pooling."""
    return convnet(input_shape, classes, Design(**{**NET2, **changes}))


def convnet(input_shape: tuple[int, int, int], classes: int, design: Design) -> nn.Sequential:
    """The network of `design`; its layers have names that say what and where.

    Args:
        input_shape: channels, height, width.
        classes: number of outputs K.
        design: everything else.

    Raises:
        InputTooSmallError: a pooling would leave nothing of the picture.
        ModelArgumentError: a field with a value that it does not take.
    """
    _refuse_residual(design)
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    shape = _add_whitening(layers, input_shape, design) if design.whitening else input_shape
    for block in range(1, len(design.widths) + 1):
        shape = _add_block(layers, block, shape, design)
        _refuse_nothing(shape, f"pool{block}", input_shape, design)
    _add_linear_layers(layers, _add_global_pooling(layers, shape, design), classes, design)
    model = nn.Sequential(layers)
    _choose(INITIALISATIONS, design.initialisation, "initialisation")(model)
    return model


def _add_whitening(
    layers: OrderedDict[str, nn.Module], shape: tuple[int, int, int], design: Design
) -> tuple[int, int, int]:
    channels, height, width = shape
    less = design.whitening - 1
    _refuse_nothing((channels, height - less, width - less), "whitening", shape, design)
    layers["whitening"] = whitening = Whitening(channels, design.whitening)
    _add_activation(layers, "0", design)
    return whitening.out_channels, height - less, width - less


def _add_block(
    layers: OrderedDict[str, nn.Module], block: int, shape: tuple[int, int, int], design: Design
) -> tuple[int, int, int]:
    """Convolutions, each with its norm and activation, and what halves the picture."""
    channels, height, width = shape
    filters = design.widths[block - 1]
    strided = design.pooling == "stride"
    halving = _choose(_HALVING_CONVOLUTION, design.pooling_place, "pooling_place")(design)
    inside: OrderedDict[str, nn.Module] = OrderedDict()  # of the residual part, if there is one
    for number in range(1, design.convolutions + 1):
        place = f"{block}" if number == 1 else f"{block}_{number}"
        where = inside if design.residual and number > 1 else layers
        stride = 2 if strided and number == halving else 1
        where[f"conv{place}"] = _convolution(channels, filters, stride, design)
        if number == halving and design.pooling_place == "first":
            _add_pooling(layers, block, design)
        _add_norm(where, place, filters, design)
        if where is inside and number == design.convolutions:
            layers[f"residual{block}"], where = Residual(inside), layers
        _add_activation(where, place, design)
        channels = filters
    if design.pooling_place == "end":
        _add_pooling(layers, block, design)
    if strided:
        return filters, -(-height // 2), -(-width // 2)
    return filters, height // 2, width // 2


def _convolution(channels: int, filters: int, stride: int, design: Design) -> nn.Conv2d:
    side = design.kernel
    return nn.Conv2d(channels, filters, side, stride, padding=side // 2, bias=design.bias)


def _add_pooling(layers: OrderedDict[str, nn.Module], block: int, design: Design) -> None:
    """Nothing where a stride stands for it; then the dropout that goes with it."""
    if design.pooling != "stride":
        layers[f"pool{block}"] = _choose(_POOLINGS, design.pooling, "pooling")(2)
    if design.dropout and design.dropout_place == "pooling":
        layers[f"dropout{block}"] = nn.Dropout(design.dropout)


def _add_global_pooling(
    layers: OrderedDict[str, nn.Module], shape: tuple[int, int, int], design: Design
) -> int:
    """Returns the number of features of a picture that the linear layers get."""
    pooling = _choose(_GLOBAL_POOLINGS, design.global_pooling, "global_pooling")()
    if pooling is None:
        return math.prod(shape)
    layers["global_pool"] = pooling
    return shape[0]


def _add_linear_layers(
    layers: OrderedDict[str, nn.Module], features: int, classes: int, design: Design
) -> None:
    last = len(design.widths) + 1
    layers["flatten"] = nn.Flatten()
    if design.hidden:
        layers["linear1"] = nn.Linear(features, design.hidden, bias=design.bias)
        _add_norm(layers, f"{last}", design.hidden, design, spatial=False)
        _add_activation(layers, f"{last}", design)
        features, last = design.hidden, last + 1
    if design.dropout and design.dropout_place == "linear":
        layers["dropout"] = nn.Dropout(design.dropout)
    name = "linear2" if design.hidden else "linear1"
    layers[name] = nn.Linear(features, classes, bias=design.bias)
    if design.norm_logits:
        _add_norm(layers, f"{last}", classes, design, spatial=False)
    if design.logit_scale != 1:
        layers["scale"] = Multiply(design.logit_scale)


def _add_norm(
    layers: OrderedDict[str, nn.Module],
    place: str,
    features: int,
    design: Design,
    spatial: bool = True,
) -> None:
    norm = _choose(_NORMS, design.norm, "norm")(features, spatial)
    if norm is None:
        return
    if isinstance(norm, _BatchNorm):
        norm.momentum = design.norm_momentum
    norm.weight.requires_grad_(design.norm_scale)
    layers[f"norm{place}"] = norm


def _add_activation(layers: OrderedDict[str, nn.Module], place: str, design: Design) -> None:
    name = design.activation.replace("-", "_")
    layers[f"{name}{place}"] = _choose(_ACTIVATIONS, design.activation, "activation")()
    if design.dropout and design.dropout_place == "activation":
        layers[f"dropout{place}"] = nn.Dropout(design.dropout)


def _batch_norm(features: int, spatial: bool) -> _BatchNorm:
    return nn.BatchNorm2d(features) if spatial else nn.BatchNorm1d(features)


_ACTIVATIONS: Mapping[str, Callable[[], nn.Module]] = {
    "relu": lambda: nn.ReLU(inplace=True),
    "leaky-relu": lambda: nn.LeakyReLU(inplace=True),
    "elu": lambda: nn.ELU(inplace=True),
    "gelu": nn.GELU,
    "silu": lambda: nn.SiLU(inplace=True),
}

_NORMS: Mapping[str, Callable[[int, bool], _BatchNorm | nn.GroupNorm | None]] = {
    "none": lambda features, spatial: None,
    "batch": _batch_norm,
    "group": lambda features, spatial: nn.GroupNorm(math.gcd(GROUPS, features), features),
    "layer": lambda features, spatial: nn.GroupNorm(1, features),
}

_POOLINGS: Mapping[str, Callable[[int], nn.Module]] = {
    "max": nn.MaxPool2d,
    "average": nn.AvgPool2d,
}

_GLOBAL_POOLINGS: Mapping[str, Callable[[], nn.Module | None]] = {
    "none": lambda: None,
    "max": lambda: nn.AdaptiveMaxPool2d(1),
    "average": lambda: nn.AdaptiveAvgPool2d(1),
}

_HALVING_CONVOLUTION: Mapping[str, Callable[[Design], int]] = {
    "end": lambda design: design.convolutions,
    "first": lambda design: 1,
}
"""Which of a block's convolutions has the stride, or the pooling right behind it."""


def _choose(table: Mapping[str, T], name: str, field: str) -> T:
    if name not in table:
        raise ModelArgumentError(f"{field} '{name}'", f"one of {', '.join(table)}", f"mend {field}")
    return table[name]


def _refuse_nothing(
    shape: tuple[int, int, int], layer: str, input_shape: tuple[int, int, int], design: Design
) -> None:
    if min(shape) >= 1:
        return
    smallest = 2 ** len(design.widths) + max(0, design.whitening - 1)
    raise InputTooSmallError(
        f"a picture of {'×'.join(map(str, input_shape))}, which layer {layer} shrinks to nothing",
        f"at least {smallest}×{smallest} pixels",
        f"enlarge the pictures with --pictures.size {smallest} or more",
    )


def _refuse_residual(design: Design) -> None:
    if design.residual and design.convolutions < 2:
        raise ModelArgumentError(
            "residual blocks of one convolution",
            "two or more, since what the first gives is added behind the others",
            "set convolutions to 2 or more, or residual to false",
        )
    if design.residual and (design.pooling, design.pooling_place) == ("stride", "end"):
        raise ModelArgumentError(
            "residual blocks whose last convolution has a stride",
            "maps of one size where they are added",
            "set pooling_place to first, pooling to max or average, or residual to false",
        )
