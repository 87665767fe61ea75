"""A classifier of the zoo for other pictures: a head for K classes, a first layer for C."""

from __future__ import annotations

from typing import Any

from torch import nn

from grevy.errors import ModelArgumentError


def head_name(network: nn.Module) -> str:
    """Name of the layer that puts out the logits: the last linear layer, else the last convolution.

    Raises:
        ModelArgumentError: the network has neither.
    """
    for kind in (nn.Linear, nn.Conv2d):
        names = [name for name, module in network.named_modules() if isinstance(module, kind)]
        if names:
            return str(names[-1])
    raise ModelArgumentError(
        f"{type(network).__name__}, which has no linear layer and no convolution",
        "a classifier",
        "choose another network",
    )


def head_layers(network: nn.Module) -> tuple[str, ...]:
    """The head, and layers behind it that are of as many classes: a norm of the logits.

    They belong to the classes that the network tells apart, and to no others.
    """
    head = head_name(network)
    of_head: Any = network.get_submodule(head)
    classes = len(of_head.weight)
    names = [name for name, _ in network.named_modules()]
    behind = []
    for name in names[names.index(head) + 1 :]:
        own = list(network.get_submodule(name).parameters(recurse=False))
        if own and all(parameter.shape[:1] == (classes,) for parameter in own):
            behind.append(name)
    return (head, *behind)


def replace_head(network: nn.Module, classes: int) -> nn.Module:
    """The same network with a fresh last layer of `classes` outputs."""
    name = head_name(network)
    old: Any = network.get_submodule(name)
    bias = old.bias is not None
    new: nn.Module
    if isinstance(old, nn.Linear):
        new = nn.Linear(old.in_features, classes, bias)
    else:
        new = nn.Conv2d(old.in_channels, classes, old.kernel_size, bias=bias)
    _put(network, name, new)
    return network


def adapt_channels(network: nn.Module, channels: int) -> nn.Module:
    """The same network with a fresh first convolution for pictures of `channels` channels."""
    name, old = next((n, m) for n, m in network.named_modules() if isinstance(m, nn.Conv2d))
    if old.in_channels == channels:
        return network
    new = type(old)(
        channels,
        old.out_channels,
        old.kernel_size,  # type: ignore[arg-type]
        old.stride,  # type: ignore[arg-type]
        old.padding,  # type: ignore[arg-type]
        old.dilation,  # type: ignore[arg-type]
        bias=old.bias is not None,
    )
    _put(network, name, new)
    return network


def _put(network: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, last = name.rpartition(".")
    setattr(network.get_submodule(parent), last, module)
