"""FLOPs of one picture in each phase of the loop, and how many a second this machine can do."""

from __future__ import annotations

import copy
import time
from collections import Counter
from dataclasses import dataclass

import torch
from torch import nn

from grevy.classifier.device import wait_for
from grevy.errors import ModelArgumentError
from grevy.models.survey.layers import layers
from grevy.training.sizes import side_at
from grevy.training.state import Setup, State

FLOPS_PER_MAC = {"forward": 2, "backward": 4, "evaluation": 2}
"""A multiply-accumulate is two FLOPs. Backward, each layer needs two such products, one for the
gradient of its weights and one for that of its input: a training step is three times forward."""

RULE = (
    "FLOPs a picture: 2 x multiply-accumulates forward and in evaluation, 4 x backward "
    "(so 6 x a training step), as `grevy layers` counts them"
)


KINDS = {"fp32": torch.float32, "bf16": torch.bfloat16}
SIDES = {"cuda": 8192}
SIDE = 2048
ROUNDS = 10
SECONDS = 1.0
"""No further round is begun after so long."""


class NotCountedError(Exception):
    """Why there is no number; never leaves this module."""


def flops_per_picture(
    setup: Setup, state: State, steps: range
) -> tuple[dict[str, float], list[str]]:
    """FLOPs of a picture by phase, without the phases of which they are not known, and notes.

    Args:
        setup: of the training; says the size of its pictures.
        state: its network and proxy are surveyed.
        steps: that were taken; where pictures grow, they say how many had which size.
    """
    flops: dict[str, float] = {}
    notes: list[str] = []
    for count in (_of_network, _of_proxy):
        try:
            found, more = count(setup, state, steps)
            flops |= found
            notes += more
        except NotCountedError as reason:
            notes.append(f"FLOPs are not counted: {reason}")
    return flops, notes


def _of_network(setup: Setup, state: State, steps: range) -> tuple[dict[str, float], list[str]]:
    network, notes = setup.behind_cut(state.model), []
    macs = {"evaluation": float(count_macs(network, _shape(setup), setup))}
    macs["forward"] = macs["backward"] = _mean_macs(network, setup, steps)
    if sizes := setup.recipe.augment.sizes:
        notes.append(f"FLOPs of train pictures are the mean over their sizes, {sizes}")
    if setup.layers.frozen and setup.cut is None:
        del macs["backward"]
        notes.append("backward FLOPs are not counted: some layers are frozen")
    return {phase: FLOPS_PER_MAC[phase] * number for phase, number in macs.items()}, notes


def _of_proxy(setup: Setup, state: State, steps: range) -> tuple[dict[str, float], list[str]]:
    """On average over steps: it is trained in some of them."""
    if state.proxy is None:
        return {}, []
    every = setup.recipe.selection.train_every
    rule = (
        "selection: FLOPs of the proxy for every picture of a batch, 2 x its multiply-accumulates, "
        f"and 4 x more in one of {every} steps"
    )
    factor = FLOPS_PER_MAC["forward"] + FLOPS_PER_MAC["backward"] / every
    return {"selection": factor * _mean_macs(state.proxy.model, setup, steps)}, [rule]


def _mean_macs(network: nn.Module, setup: Setup, steps: range) -> float:
    """Multiply-accumulates of a train picture forward, mean over steps."""
    shape, sizes = _shape(setup), setup.recipe.augment.sizes
    if not sizes or not steps:
        return count_macs(network, shape, setup)
    often = Counter(side_at(sizes, step, setup.total_steps) for step in steps)
    macs = {side: count_macs(network, (shape[0], side, side), setup) for side in often}
    return sum(macs[side] * count for side, count in often.items()) / often.total()


def count_macs(network: nn.Module, shape: tuple[int, ...], setup: Setup) -> int:
    """Multiply-accumulates of one picture of a shape forward.

    Raises:
        NotCountedError: the layers can't be surveyed; why.
    """
    if len(shape) != 3:
        raise NotCountedError(f"the network takes features of shape {shape}")
    if setup.device.type != "cpu":
        network = copy.deepcopy(network).cpu()
    try:
        table = layers(network, shape)
    except ModelArgumentError as error:
        raise NotCountedError(error.received) from error
    if table.failure is not None:
        raise NotCountedError(table.failure.reason)
    return table.total_macs


def _shape(setup: Setup) -> tuple[int, ...]:
    return tuple(setup.pictures["train"].shape[1:])


@dataclass(frozen=True)
class MatrixProduct:
    """The fastest of some products of two square matrices.

    Attributes:
        side: rows and columns of each.
        precision: of their entries.
        flops_per_second: 2·side³ divided by the seconds of the fastest product.
    """

    side: int
    precision: str
    flops_per_second: float


def matrix_product(precision: str, device: torch.device, side: int | None = None) -> MatrixProduct:
    """Multiply, once to warm up and then up to ten times in about a second; the fastest counts.

    Args:
        precision: "fp32" or "bf16"; the settings of torch (TF32) are left as they are.
        device: where.
        side: rows and columns; None: 8,192 on a GPU, else 2,048.
    """
    side = side or SIDES.get(device.type, SIDE)
    own = torch.Generator(device).manual_seed(0)  # the training's own randomness is not touched
    one, other = (
        torch.rand(side, side, generator=own, device=device).to(KINDS[precision]) for _ in range(2)
    )
    times: list[float] = []
    while len(times) <= ROUNDS and sum(times[1:]) < SECONDS:
        wait_for(device)
        start = time.perf_counter()
        one @ other
        wait_for(device)
        times.append(time.perf_counter() - start)
    return MatrixProduct(side, precision, 2 * side**3 / min(times[1:]))
