"""The described family of small convolutional networks, of which base, net1 and net2 are points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from grevy.recipes.config import Config

ActivationName = Literal["relu", "leaky-relu", "elu", "gelu", "silu"]
NormName = Literal["none", "batch", "group", "layer"]
DropoutPlace = Literal["pooling", "activation", "linear"]
PoolingName = Literal["max", "average", "stride"]
PoolingPlace = Literal["end", "first"]
GlobalPoolingName = Literal["none", "max", "average"]
InitialisationName = Literal["default", "he", "xavier", "orthogonal", "dirac"]

FAMILY: Mapping[str, Mapping[str, Any]] = {
    "base": {},
    "net1": {"norm": "batch", "norm_logits": True},
    "net2": {"dropout": 0.05},
}
"""The named networks of the family, and what they change of `base`."""


def _odd(value: object) -> object:
    if isinstance(value, int) and value % 2 == 0:
        raise ValueError("an odd number, so that the picture keeps its size")
    return value


Kernel = Annotated[int, Field(ge=1, le=31), BeforeValidator(_odd)]
Width = Annotated[int, Field(ge=1, le=65_536)]


class ConvNetConfig(Config):
    """What differs from the named network; a field that is not given stays as that has it.

    Only the networks of the family (base, net1, net2) take these fields.
    """

    activation: ActivationName | None = None
    """After each convolution and the hidden linear layer. base: relu."""

    norm: NormName | None = None
    """Before each activation. group: 8 groups of channels (or as many as divide them); layer: over
    all channels and places. base: none."""

    norm_scale: bool | None = None
    """Whether norms learn a factor for each channel besides the shift. base: true."""

    norm_momentum: Annotated[float, Field(gt=0.0, le=1.0)] | None = None
    """Part of batch norm's running mean and variance that each batch renews. base: 0.1."""

    norm_logits: bool | None = None
    """Also after the last linear layer, as net1 has it. base: false."""

    dropout: Annotated[float, Field(ge=0.0, lt=1.0)] | None = None
    """Probability. base: 0; net2: 0.05."""

    dropout_place: DropoutPlace | None = None
    """After each pooling, after each activation, or before the last linear layer. base: pooling."""

    kernel: Kernel | None = None
    """Side of each convolution, odd. base: 5."""

    widths: Annotated[tuple[Width, ...], Field(min_length=1, max_length=16)] | None = None
    """Filters of each block. base: 32 64 128."""

    convolutions: Annotated[int, Field(ge=1, le=100)] | None = None
    """Convolutions in a block, before its pooling. base: 1."""

    residual: bool | None = None
    """Whether what a block's first activation gives is added to what its other convolutions make of
    it, before the block's last activation (He et al. 2015; Jordan 2024); for two convolutions or
    more, and not with a stride at the end. base: false."""

    pooling: PoolingName | None = None
    """What halves the picture: max or average over 2×2, or a stride of 2 in the block's last
    convolution. base: max."""

    pooling_place: PoolingPlace | None = None
    """Where in a block that stands: at its end, or first, right after the first convolution and
    before its norm (a stride: in that convolution). base: end."""

    global_pooling: GlobalPoolingName | None = None
    """Before the linear layers: nothing, or the maximum or average of each channel over all places
    that are left. base: none."""

    whitening: Annotated[int, Field(ge=0, le=8)] | None = None
    """Side in pixels of the patches that a frozen first convolution whitens (Jordan 2024), with
    filters from train pictures and a trained bias; 0 leaves it out. base: 0."""

    hidden: Annotated[int, Field(ge=0, le=65_536)] | None = None
    """Width of the hidden linear layer; 0 leaves it out. base: 64."""

    bias: bool | None = None
    """Whether convolutions and linear layers add a bias; the whitening one always does. base:
    true."""

    logit_scale: Annotated[float, Field(gt=0.0, le=1e6)] | None = None
    """What the last layer's results are multiplied by. base: 1."""

    initialisation: InitialisationName | None = None
    """Of weights: PyTorch's default, He et al. 2015 (normal), Glorot and Bengio 2010 (uniform),
    orthogonal (Saxe et al. 2013), or dirac: convolutions let their input pass in the first filters,
    the rest is the default (Zagoruyko and Komodakis 2017; Jordan 2024); all but the default set
    biases to 0. base: default."""

    def unread_in(self, network: str) -> dict[str, str]:
        """Fields that a network of the family does not read, with the condition that it lacks."""
        if network not in FAMILY:
            return {}
        has = {"norm": "none", "dropout": 0.0, **FAMILY[network], **self.changes()}
        found: dict[str, str] = {}
        if has["norm"] == "none":
            lacks = "a model.convnet.norm"
            found |= dict.fromkeys(("norm_scale", "norm_momentum", "norm_logits"), lacks)
        elif has["norm"] != "batch":
            found["norm_momentum"] = "model.convnet.norm batch"
        if not has["dropout"]:
            found["dropout_place"] = "model.convnet.dropout above 0"
        return found

    def changes(self) -> dict[str, Any]:
        """The fields that are given, as the network's builder takes them."""
        return self.model_dump(exclude_none=True)
