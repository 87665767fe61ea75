"""Training on the hard part of each batch, as a small network beside the one trained finds it.

Jordan 2024 ("94% on CIFAR-10 in 3.29 Seconds on a Single GPU", airbench96) trains the small one
first and notes what it chose. It never looks at the large one, so that both can as well go side by
side, step by step.

Suffix: S pictures that are selected, of the B of a batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from grevy.classifier.precision import autocast
from grevy.data.batches import PicturesOnDevice
from grevy.data.randomness import derive, seeded
from grevy.errors import RecipeValueError
from grevy.figures.numerals import counted
from grevy.models import build_model
from grevy.models.transfer.preprocessing import builder_arguments
from grevy.recipes.schema import Recipe
from grevy.training.distributed import World, refuse_uneven
from grevy.training.optimizers.build import build_optimizer
from grevy.training.profile.timer import LoopTimer
from grevy.training.rates import set_learning_rates
from grevy.training.setup.network import place, whiten_first_layer
from grevy.training.state import Proxy, Setup, State


def begin_proxy(
    recipe: Recipe,
    seed: int,
    train: PicturesOnDevice,
    classes: int,
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
        world: the pictures that are kept are shared out over it.

    Raises:
        RecipeValueError: a batch of which no picture is kept, or not a multiple of the processes.
        ModelError: a proxy that can't be built.
    """
    if not recipe.selection.is_on:
        return None
    kept = kept_pictures(recipe)
    refuse_uneven(
        kept, world, f"{counted(kept, 'picture')} kept of a batch", "change --selection.keep"
    )
    name, arguments = proxy_of(recipe)
    channels, height, width = train.shape[1:]
    with seeded(derive(seed, "proxy weights"), train.device):
        model = build_model(name, (channels, height, width), classes, **arguments)
    model = place(model, train.device, recipe.augment.sizes, (channels, height, width))
    interpolation = arguments.get("interpolation", "bicubic")
    whiten_first_layer(model, train, interpolation)
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
        f"trained on the {kept_pictures(recipe):,} of"
        f" {counted(recipe.batch_size, 'picture')} of each batch that a proxy of"
        f" {parameters:,} parameters finds hardest"
    )


def select(
    setup: Setup, state: State, images_BCHW: Tensor, targets: Tensor, timer: LoopTimer
) -> tuple[Tensor, Tensor]:
    """The pictures of a batch that the proxy finds hardest, in their order; all without a proxy.

    In its turn the proxy is then moved by their mean loss, from the pass that chose them: its batch
    norms have seen the whole batch.

    Args:
        setup: of the training; says how many pictures are kept and when the proxy is trained.
        state: its proxy changes.
        images_BCHW: a whole augmented batch, also where several processes share it: each has the
            same proxy, and what the leader's finds counts, should they differ in the last bits.
        targets: labels [B], or mixed targets [B, K].
        timer: hears that the selection begins.
    """
    proxy, step = state.proxy, state.progress.step
    if proxy is None:
        return images_BCHW, targets
    timer.begins("selection")
    trains = step % setup.recipe.selection.train_every == 0
    if trains:
        set_learning_rates(setup, proxy.optimizer, step)
    torch.manual_seed(derive(setup.seed, "proxy", step))
    with torch.set_grad_enabled(trains), autocast(setup.precision, setup.device):
        logits_BK = proxy.model(images_BCHW)
    losses_B = setup.loss(logits_BK.float(), targets, reduction="none")
    index_S = setup.world.same(hardest(losses_B.detach(), kept_pictures(setup.recipe)))
    if trains:
        proxy.move(losses_B[index_S].mean(), setup.precision)
    return images_BCHW[index_S], targets[index_S]


def hardest(losses_B: Tensor, count: int) -> Tensor:
    """Indices, ascending, of the `count` largest losses; of equal ones the later count."""
    return losses_B.argsort(stable=True)[-count:].sort().values
