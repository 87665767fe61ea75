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
from grevy.training.proxy import Proxy, kept_pictures
from grevy.training.state import State

FLOPS_PER_MAC = {"forward": 2, "backward": 4, "evaluation": 2}
"""A multiply-accumulate is two FLOPs. Backward, each layer needs two such products, one for the
gradient of its weights and one for that of its input: a training step is three times forward."""

STEP = ("data", "selection", "forward", "backward", "optimizer")
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
    macs, notes = count_macs(setup.trained(state.model), setup)
    trained_whole = not setup.part.frozen or setup.cut is not None
    if macs and not trained_whole:
        notes = ["backward FLOPs are not counted: some layers are frozen"]
    product = matrix_product(setup.precision, setup.device)
    seconds, proxy = dict(timer.seconds), None
    if state.proxy is None:
        del seconds["selection"]
    else:
        proxy, more = count_proxy(state.proxy, setup)
        notes = [*notes, *more]
    pictures = pictures_of_parts(timer, setup)
    rows = part_rows(seconds, pictures, macs, product, trained_whole, proxy)
    return {
        "parts": [asdict(row) for row in rows],
        "steps": timer.entries[PARTS[0]],
        "macs_per_picture": macs,
        **({} if state.proxy is None else {"selection_flops_per_picture": proxy}),
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
    selection: float | None = None,
) -> list[PartRow]:
    """A row a part, one for the parts of a step together, and one for all.

    Args:
        seconds: by part; one that the loop does not have is absent.
        pictures: that went through each part; absent where none do.
        macs: multiply-accumulates of one picture forward; None: not known.
        product: what FLOP/s are held against.
        trained_whole: whether all layers have a backward pass; if not, its FLOPs are not known.
        selection: FLOPs of the proxy for one picture of a batch; None: not known.
    """
    factors = {n: f for n, f in FLOPS_PER_MAC.items() if n != "backward" or trained_whole}
    flops: dict[str, float] = {}
    if macs:
        flops = {n: f * macs * pictures.get(n, 0) for n, f in factors.items()}
    if selection is not None:
        flops["selection"] = selection * pictures.get("selection", 0)
    whole = sum(seconds.values())

    def row(name: str, parts: Iterable[str], count: int | None) -> PartRow:
        there = [part for part in parts if part in seconds]
        spent = sum(seconds[part] for part in there)
        needed = set(there) & {*FLOPS_PER_MAC, "selection"}
        done = sum(flops[n] for n in needed) if needed and needed <= set(flops) else None
        rate = _quotient(done, spent)
        against = rate and rate / product.flops_per_second
        share = _quotient(spent, whole) or 0.0
        return PartRow(name, spent, share, _quotient(count, spent), rate, against)

    trained = pictures.get(PARTS[0])
    return [
        *(row(part, (part,), pictures.get(part)) for part in PARTS if part in seconds),
        row("a step", STEP, trained),
        row("all", PARTS, trained),
    ]


def pictures_of_parts(timer: ProfilingTimer, setup: Setup) -> dict[str, int]:
    """How many went through each part: all that were seen, and behind a selection what it kept."""
    recipe, processes = setup.recipe, setup.world.size
    # Each process sees its share, but with a proxy the whole batch.
    seen = recipe.batch_size if recipe.selection.is_on else recipe.batch_size // processes
    kept, steps = kept_pictures(recipe) // processes, timer.entries[PARTS[0]]
    pictures = dict.fromkeys(STEP, steps * kept) | dict.fromkeys(STEP[:2], steps * seen)
    if "validation" in setup.pictures:
        pictures["evaluation"] = timer.entries["evaluation"] * len(setup.pictures["validation"])
    return pictures


def count_proxy(proxy: Proxy, setup: Setup) -> tuple[float | None, list[str]]:
    """FLOPs of the proxy for one picture of a batch, on average over steps, and notes on them."""
    macs, notes = count_macs(proxy.model, setup)
    if macs is None:
        return None, notes
    every = setup.recipe.selection.train_every
    rule = (
        "selection: FLOPs of the proxy for every picture of a batch, 2 x its multiply-accumulates, "
        f"and 4 x more in one of {every} steps"
    )
    return macs * (FLOPS_PER_MAC["forward"] + FLOPS_PER_MAC["backward"] / every), [rule]


def count_macs(network: nn.Module, setup: Setup) -> tuple[int | None, list[str]]:
    """Multiply-accumulates of one picture in a network, and notes on why they are not counted."""
    shape = tuple(setup.pictures["train"].shape[1:])
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
    return table.total_macs, []


def _quotient(amount: float | None, seconds: float) -> float | None:
    return amount / seconds if amount is not None and seconds > 0 else None
