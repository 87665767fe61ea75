"""What of a network is trained, as a table that is shown before the training begins."""

from __future__ import annotations

from itertools import groupby

from torch import nn

from grevy.models.transfer.frozen import TrainedPart
from grevy.recipes.schema import Recipe
from grevy.training.optimizers import block_of, blocks_from_head

COLUMNS = ("layers", "number", "parameters", "learning rate", "trained from epoch")


def trained_table(network: nn.Module, part: TrainedPart, recipe: Recipe) -> list[tuple[str, ...]]:
    """One row for each block that is trained, and one for all frozen layers beside each other.

    Args:
        network: frozen as `part` says.
        part: which layers are trained.
        recipe: its optimizer and transfer fields.
    """
    frozen = set(part.frozen)
    layers = [n for n, m in network.named_modules() if n in frozen or n in part.trained]
    depth = {block: number for number, block in enumerate(blocks_from_head(network))}
    rows: list[tuple[str, ...]] = []
    for key, group in groupby(layers, lambda n: None if n in frozen else block_of(n)):
        names = list(group)
        count = f"{_parameters(network, names):,}"
        rate, start = ("frozen", "–") if key is None else _rate_and_start(depth[key], recipe)
        rows.append((_from_to(names), f"{len(names)}", count, rate, start))
    return rows


def _rate_and_start(depth: int, recipe: Recipe) -> tuple[str, str]:
    rate = recipe.optimizer.lr * recipe.transfer.depth_decay**depth
    return f"{rate:.3g}", f"{depth * recipe.transfer.unfreeze_every:g}"


def _parameters(network: nn.Module, names: list[str]) -> int:
    own = (network.get_submodule(name).parameters(recurse=False) for name in names)
    return sum(parameter.numel() for parameters in own for parameter in parameters)


def _from_to(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
