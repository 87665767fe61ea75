"""What of a network is trained, as a table that is shown before the training begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from torch import nn
from torch.optim import Optimizer

from grevy.models.transfer.frozen import TrainedLayers
from grevy.recipes.schema import Recipe
from grevy.training.optimizers.build import block_of_layers

COLUMNS = ("layers", "number", "parameters", "learning rate", "trained from epoch")


def trained_table(
    network: nn.Module, layers: TrainedLayers, optimizer: Optimizer, recipe: Recipe
) -> list[tuple[str, ...]]:
    """One row for each block that is trained, and one for all frozen layers beside each other.

    Args:
        network: frozen as `layers` says.
        layers: which are trained.
        optimizer: of this network.
        recipe: says how many epochs a block waits for the next.
    """
    frozen, block_of = set(layers.frozen), block_of_layers(network)
    groups = {id(p): group for group in optimizer.param_groups for p in group["params"]}
    rows: list[tuple[str, ...]] = []
    for key, found in groupby(block_of, lambda name: None if name in frozen else block_of[name]):
        names = list(found)
        own = [p for n in names for p in network.get_submodule(n).parameters(recurse=False)]
        moved = [groups[id(p)] for p in own if id(p) in groups]
        rate, start = ("frozen", "–") if key is None else _rate_and_start(moved, recipe)
        count = f"{sum(p.numel() for p in own):,}"
        rows.append((_from_to(names), f"{len(names)}", count, rate, start))
    return rows


def _rate_and_start(groups: Sequence[Mapping[str, Any]], recipe: Recipe) -> tuple[str, str]:
    rates = sorted({group["initial_lr"] for group in groups})
    start = min((group["depth"] for group in groups), default=0) * recipe.transfer.unfreeze_every
    return " and ".join(f"{rate:.3g}" for rate in rates), f"{start:g}"


def _from_to(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
