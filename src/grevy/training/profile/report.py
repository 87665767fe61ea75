"""From the seconds of each part to pictures and FLOP/s: what `--profile` leaves in the record."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from torch import nn

from grevy.errors import ModelArgumentError
from grevy.models.survey.layers import layers
from grevy.training.part_timer import PARTS
from grevy.training.prepare import Setup
from grevy.training.profile.matrix_product import MatrixProduct, matrix_product
from grevy.training.profile.timer import ProfilingTimer
from grevy.training.state import State

FLOPS_PER_MAC = {"forward": 2, "backward": 4, "evaluation": 2}
"""A multiply-accumulate is two FLOPs. Backward, each layer needs two such products, one for the
gradient of its weights and one for that of its input: a training step is three times forward."""

STEP = ("data", "forward", "backward", "optimizer")
RULE = (
    "FLOPs a picture: 2 x multiply-accumulates forward and in evaluation, 4 x backward "
    "(so 6 x a training step), as `grevy layers` counts them"
)


@dataclass(frozen=True)
class PartRow:
    """One line of the table.

    Attributes:
        part: one of `PARTS`, or a sum of several.
        seconds: spent in it.
        share: of the loop's seconds, 0 to 1.
        pictures_per_second: that went through it; None where no pictures do.
        flops_per_second: None where there is nothing to multiply, or it is not known.
        of_matrix_product: flops_per_second divided by those of the matrix product.
    """

    part: str
    seconds: float
    share: float
    pictures_per_second: float | None
    flops_per_second: float | None
    of_matrix_product: float | None


def profile_facts(timer: ProfilingTimer, setup: Setup, state: State) -> dict[str, Any]:
    """The table, and what it was counted with, as JSON takes it.

    Args:
        timer: after the loop.
        setup: of the training; says batch size, precision and device.
        state: its network is surveyed.
    """
    macs, notes = count_macs(setup, state)
    product = matrix_product(setup.precision, setup.device)
    local_batch = setup.recipe.batch_size // setup.world.size
    pictures = dict.fromkeys(STEP, timer.entries[PARTS[0]] * local_batch)
    if "validation" in setup.pictures:
        pictures["evaluation"] = timer.entries["evaluation"] * len(setup.pictures["validation"])
    trained_whole = not setup.part.frozen or setup.cut is not None
    rows = part_rows(timer.seconds, pictures, macs, product, trained_whole)
    return {
        "parts": [asdict(row) for row in rows],
        "steps": timer.entries[PARTS[0]],
        "macs_per_picture": macs,
        "rule": RULE,
        "matrix_product": asdict(product),
        "trace": timer.trace.path.name if timer.trace.steps else None,
        "traced_steps": timer.trace.steps,
        "notes": notes,
    }


def part_rows(
    seconds: Mapping[str, float],
    pictures: Mapping[str, int],
    macs: int | None,
    product: MatrixProduct,
    trained_whole: bool = True,
) -> list[PartRow]:
    """A row a part, one for the four parts of a step together, and one for all.

    Args:
        seconds: by part.
        pictures: that went through each part; absent where none do.
        macs: multiply-accumulates of one picture forward; None: not known.
        product: what FLOP/s are held against.
        trained_whole: whether all layers have a backward pass; if not, its FLOPs are not known.
    """
    factors = {n: f for n, f in FLOPS_PER_MAC.items() if n != "backward" or trained_whole}
    flops = {n: f * macs * pictures.get(n, 0) for n, f in factors.items()} if macs else {}
    whole = sum(seconds.values())

    def row(name: str, parts: Iterable[str], count: int | None) -> PartRow:
        spent = sum(seconds[part] for part in parts)
        needed = set(parts) & set(FLOPS_PER_MAC)
        done = sum(flops[n] for n in needed) if needed and needed <= set(flops) else None
        rate = _quotient(done, spent)
        against = rate and rate / product.flops_per_second
        share = _quotient(spent, whole) or 0.0
        return PartRow(name, spent, share, _quotient(count, spent), rate, against)

    trained = pictures.get(PARTS[0])
    return [
        *(row(part, (part,), pictures.get(part)) for part in PARTS),
        row("a step", STEP, trained),
        row("all", PARTS, trained),
    ]


def count_macs(setup: Setup, state: State) -> tuple[int | None, list[str]]:
    """Multiply-accumulates of one picture in what is trained, and notes on what is not counted."""
    shape = tuple(setup.pictures["train"].shape[1:])
    network: nn.Module = setup.trained(state.model)
    if setup.device.type != "cpu":
        network = copy.deepcopy(network).cpu()
    if len(shape) != 3:
        return None, [f"FLOPs are not counted: the network takes features of shape {shape}"]
    try:
        table = layers(network, shape)
    except ModelArgumentError as error:
        return None, [f"FLOPs are not counted: {error.received}"]
    if table.failure is not None:
        return None, [f"FLOPs are not counted: {table.failure.reason}"]
    if setup.part.frozen and setup.cut is None:
        return table.total_macs, ["backward FLOPs are not counted: some layers are frozen"]
    return table.total_macs, []


def _quotient(amount: float | None, seconds: float) -> float | None:
    return amount / seconds if amount is not None and seconds > 0 else None
