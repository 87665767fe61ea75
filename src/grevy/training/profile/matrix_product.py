"""How fast this machine multiplies matrices: what the FLOP/s of a training are held against."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch

from grevy.classifier.device import wait_for

KINDS = {"fp32": torch.float32, "bf16": torch.bfloat16}
SIDES = {"cuda": 8192}
SIDE = 2048
ROUNDS = 10
SECONDS = 1.0
"""No further round is begun after so long."""


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
