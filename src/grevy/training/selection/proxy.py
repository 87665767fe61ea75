"""The small network that finds pictures easy or hard: how it begins, and what changes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from grevy.classifier.precision import autocast
from grevy.data.batches import PicturesOnDevice
from grevy.data.randomness import derive, seeded
from grevy.errors import RecipeValueError
from grevy.models import build_model
from grevy.models.transfer.preprocessing import builder_arguments
from grevy.recipes.schema import Recipe
from grevy.training.distributed import World, refuse_uneven
from grevy.training.optimizers.build import build_optimizer
from grevy.training.setup.placing import place
from grevy.training.setup.whiten import whiten_first_layer


@dataclass
class Proxy:
    """A network and its optimizer; their state goes into checkpoints, not into the result."""

    model: nn.Module
    optimizer: Optimizer

    def move(self, loss: Tensor, precision: str) -> None:
        """One step of the optimizer along the gradient of `loss`, a single number."""
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        with autocast(precision, loss.device):  # Muon multiplies matrices
            self.optimizer.step()


def begin_proxy(
    recipe: Recipe,
    seed: int,
    train: PicturesOnDevice,
    classes: int,
    mean_C: Tensor,
    standard_deviation_C: Tensor,
    world: World,
) -> Proxy | None:
    """The proxy with weights of its own from the seed; None where the recipe selects nothing.

    It is made, whitened and moved as the network is: same optimizer, same schedule. All of it is
    trained, whatever of the network is frozen. In a world of several processes each has the same.

    Args:
        recipe: `selection`, and `model` where the proxy is of the same kind.
        seed: of the run.
        train: the train split, for the whitening filters.
        classes: number of outputs.
        mean_C: of the normalisation, one a channel.
        standard_deviation_C: likewise.
        world: the pictures that are kept are shared out over it.

    Raises:
        RecipeValueError: a batch of which no picture is kept, or not a multiple of the processes.
        ModelError: a proxy that can't be built.
    """
    if not recipe.selection.is_on:
        return None
    kept = kept_pictures(recipe)
    refuse_uneven(kept, world, f"{kept} pictures kept of a batch", "change --selection.keep")
    name, arguments = proxy_of(recipe)
    channels, height, width = train.shape[1:]
    with seeded(derive(seed, "proxy weights"), train.device):
        model = build_model(name, (channels, height, width), classes, **arguments)
    model = place(model, train.device, recipe.augment.sizes, (channels, height, width))
    interpolation = arguments.get("interpolation", "bicubic")
    whiten_first_layer(model, train, mean_C, standard_deviation_C, interpolation)
    return Proxy(model.train(), build_optimizer(model, recipe.optimizer))


def proxy_of(recipe: Recipe) -> tuple[str, Mapping[str, Any]]:
    """Name and arguments of the proxy; without a name of its own, the network's with changes."""
    proxy = recipe.selection.proxy
    if proxy.name:
        return proxy.name, proxy.changes()
    return recipe.model.name, {**builder_arguments(recipe.model), **proxy.changes()}


def kept_pictures(recipe: Recipe) -> int:
    """Pictures of a batch that are trained on.

    Raises:
        RecipeValueError: not one.
    """
    keep, size = recipe.selection.keep, recipe.batch_size
    count = round(keep * size)
    if count == 0:
        raise RecipeValueError(
            f"selection.keep {keep:g} of a batch of {size}",
            "at least one picture",
            f"enlarge --selection.keep, for example {max(0.5, 1 / size):g}, or --batch-size",
        )
    return count


def what_is_selected(recipe: Recipe, proxy: Proxy) -> str:
    """One line for people."""
    parameters = sum(parameter.numel() for parameter in proxy.model.parameters())
    return (
        f"trained on the {kept_pictures(recipe):,} of {recipe.batch_size:,} pictures of each batch"
        f" that a proxy of {parameters:,} parameters finds hardest"
    )
