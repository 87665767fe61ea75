"""What is trained and what stays: in words, in parameters, and in batch-norm statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from grevy.errors import RecipeValueError
from grevy.models.transfer.head import head_name

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


@dataclass(frozen=True)
class TrainedLayers:
    """The layers that are trained: those with tensors, in the network's order.

    Attributes:
        trained: names of modules.
        frozen: names of modules.
        still: names of all modules without modules inside that stand before the last frozen layer
            of those before the first trained one, also without tensors: they are never in training
            mode, so that what drops paths at random there lets all through.
    """

    trained: tuple[str, ...]
    frozen: tuple[str, ...]
    still: tuple[str, ...]


ASSIGNMENT = "last:5"
"""All is frozen but the last five convolutions, what stands between them, and the head."""


def trained_layers(network: nn.Module, train: str) -> TrainedLayers:
    """Which layers `train` means.

    Args:
        network: with its head for the new classes.
        train: `all`; `head`; `last:N`, the last N convolutions and all that follows the first of
            them; `blocks:NAME,...`, all below these names, and the head; `assignment`, the source
            assignment's choice, `last:5`.

    Raises:
        RecipeValueError: none of these, or a name that the network does not have.
    """
    layers = [
        name
        for name, module in network.named_modules()
        if any(True for _ in module.parameters(recurse=False))
    ]
    kind, _, rest = (ASSIGNMENT if train == "assignment" else train).partition(":")
    if kind == "all" and not rest:
        chosen = set(layers)
    elif kind == "head" and not rest:
        chosen = {head_name(network)}
    elif kind == "last" and rest.isdigit():
        chosen = set(_from_last(network, layers, int(rest)))
    elif kind == "blocks" and rest:
        chosen = _below(network, layers, rest.split(","))
    else:
        raise _unknown(train)
    trained = tuple(name for name in layers if name in chosen)
    frozen = tuple(name for name in layers if name not in chosen)
    return TrainedLayers(trained, frozen, _still(network, layers, trained))


def freeze(network: nn.Module, layers: TrainedLayers) -> None:
    """Frozen parameters ask for no gradient."""
    for name in layers.frozen:
        for parameter in network.get_submodule(name).parameters(recurse=False):
            parameter.requires_grad_(False)


def set_training(network: nn.Module, layers: TrainedLayers, frozen_statistics: bool) -> None:
    """Training mode, but frozen layers keep their statistics; trained ones, too, where asked.

    A batch norm of which no parameter asks for a gradient is frozen, also if only for some epochs.
    """
    network.train()
    still = set(layers.still)
    for name, module in network.named_modules():
        own = list(module.parameters(recurse=False))
        frozen = bool(own) and not any(parameter.requires_grad for parameter in own)
        keeps = isinstance(module, _BatchNorm) and (frozen_statistics or frozen)
        if keeps or _without_wrappers(name) in still:
            module.eval()


def _without_wrappers(name: str) -> str:
    """A layer's own name: DistributedDataParallel and torch.compile put theirs before it."""
    return name.removeprefix("module.").removeprefix("_orig_mod.")


def _still(network: nn.Module, layers: Sequence[str], trained: Sequence[str]) -> tuple[str, ...]:
    before = list(takewhile(lambda name: name not in trained, layers))
    if not before:
        return ()
    names = [name for name, _ in network.named_modules()]
    inside = names[: names.index(before[-1]) + 1]
    return tuple(n for n in inside if not any(True for _ in network.get_submodule(n).children()))


def _from_last(network: nn.Module, layers: Sequence[str], count: int) -> Sequence[str]:
    convolutions = [
        name
        for name in layers
        if isinstance(network.get_submodule(name), CONVOLUTIONS) and name != head_name(network)
    ]
    if not 1 <= count <= len(convolutions):
        raise RecipeValueError(
            f"the last {count} convolutions of a network that has {len(convolutions)}",
            f"1 to {len(convolutions)}",
            "change --transfer.train",
        )
    return layers[layers.index(convolutions[-count]) :]


def _below(network: nn.Module, layers: Sequence[str], names: Sequence[str]) -> set[str]:
    chosen = {head_name(network)}
    for name in (name.strip() for name in names):
        found = [layer for layer in layers if layer == name or layer.startswith(f"{name}.")]
        if not found:
            children = ", ".join(child for child, _ in network.named_children())
            raise RecipeValueError(
                f"no layers below '{name}'", f"names such as {children}", "change --transfer.train"
            )
        chosen.update(found)
    return chosen


def _unknown(train: str) -> RecipeValueError:
    return RecipeValueError(
        f"transfer.train = '{train}'",
        "head, last:N, blocks:NAME,..., assignment or all",
        "change --transfer.train",
    )
