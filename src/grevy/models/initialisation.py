"""How the weights of convolutions and linear layers begin."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor, nn


def he(model: nn.Module) -> None:
    """Normal with variance 2 / fan-in (He et al. 2015, "Delving deep into rectifiers")."""
    _initialise(model, lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"))


def xavier(model: nn.Module) -> None:
    """Uniform with variance 2 / (fan-in + fan-out) (Glorot and Bengio 2010)."""
    _initialise(model, nn.init.xavier_uniform_)


def orthogonal(model: nn.Module) -> None:
    """Rows or columns orthogonal (Saxe, McClelland and Ganguli 2013)."""
    _initialise(model, nn.init.orthogonal_)


def dirac(model: nn.Module) -> None:
    """Partial identity (Zagoruyko and Komodakis 2017, "DiracNets", as Jordan 2024 takes it).

    Filter n of a convolution lets channel n of its input pass, as long as there are channels and
    filters; what is left, and linear layers, keep PyTorch's default.
    """
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d) and layer.weight.requires_grad:
            nn.init.dirac_(layer.weight[: layer.in_channels])
    _initialise(model, lambda weight: weight)


def _initialise(model: nn.Module, fill: Callable[[Tensor], Tensor]) -> None:
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            if layer.weight.requires_grad:  # frozen filters, as of whitening, are not drawn
                fill(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


INITIALISATIONS: Mapping[str, Callable[[nn.Module], None]] = {
    "default": lambda model: None,
    "he": he,
    "xavier": xavier,
    "orthogonal": orthogonal,
    "dirac": dirac,
}
"""By the name that recipes have for them; "default" leaves what PyTorch drew."""
