"""fp32 or bf16: a timed probe decides, on the network and the batch that will be trained."""

from __future__ import annotations

import copy
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from grevy.classifier.device import wait_for
from grevy.classifier.precision import autocast
from grevy.data.batches import TrainBatches
from grevy.errors import DeviceError

ROUNDS = 3
FASTER = 0.9
"""bf16 is taken when its median step takes at most this part of the fp32 step."""
RIGHT = 0.95
"""... and when the cosine between its gradient and the fp32 gradient is at least this. Rounding
leaves 0.979 to 0.999 on fresh networks of the recipes; a 2×2 convolution that forgets one tap,
0.25."""


FIRST_WITH_BF16 = 8
"""The major compute capability of Ampere."""

PROBE_PICTURES = 64
"""Of the first batch at most so many are timed on a CPU, where a speed record's step takes seconds.
An accelerator gets the whole batch: with a few pictures it only waits for the next kernel."""


@dataclass(frozen=True)
class Probe:
    """What the probe measured."""

    precision: str
    fp32_seconds: float
    bf16_seconds: float
    gradient_cosine: float

    def to_dict(self) -> dict[str, Any]:
        """For the record."""
        return asdict(self)


def decide_precision(
    wanted: str,
    model: nn.Module,
    batches: TrainBatches,
    device: torch.device,
    train_mode: Callable[[nn.Module], None],
) -> tuple[str, Probe | None]:
    """The precision that is wanted, and what `auto` was decided on.

    Raises:
        DeviceError: bf16 on a GPU without it.
    """
    if wanted == "bf16" and device.type == "cuda":
        refuse_emulated_bf16(device)
    if wanted != "auto":
        return wanted, None
    images_BCHW, targets = batches.at(0)
    some = slice(PROBE_PICTURES if device.type == "cpu" else None)
    probe = probe_precision(model, images_BCHW[some], targets[some], device, train_mode)
    return probe.precision, probe


def refuse_emulated_bf16(device: torch.device) -> None:
    """A CUDA device has to have bf16 itself: PyTorch emulates it elsewhere, slower than float32.

    Raises:
        DeviceError: it does not.
    """
    major, minor = torch.cuda.get_device_capability(device)
    if major < FIRST_WITH_BF16:
        raise DeviceError(
            f"precision bf16 on a GPU of compute capability {major}.{minor}",
            f"{FIRST_WITH_BF16}.0 or more",
            "use --precision fp32",
        )


def probe_precision(
    model: nn.Module,
    images_BCHW: Tensor,
    targets: Tensor,
    device: torch.device,
    train_mode: Callable[[nn.Module], object] = nn.Module.train,
) -> Probe:
    """Times a few forward and backward passes both ways, in turn; the model stays as it was.

    Args:
        model: on the device.
        images_BCHW: a batch as it is trained on.
        targets: labels [B], or mixed targets [B, K].
        device: where.
        train_mode: puts a network into the mode in which it is trained.
    """
    trial = copy.deepcopy(model)
    train_mode(trial)
    seconds: dict[str, list[float]] = {"fp32": [], "bf16": []}
    gradients: dict[str, Tensor] = {}
    for _ in range(ROUNDS + 1):
        for precision, times in seconds.items():
            torch.manual_seed(0)
            start = time.perf_counter()
            gradients[precision] = _gradient(trial, images_BCHW, targets, precision, device)
            wait_for(device)
            times.append(time.perf_counter() - start)
    medians = {name: statistics.median(times[1:]) for name, times in seconds.items()}
    cosine = float(F.cosine_similarity(gradients["fp32"], gradients["bf16"], dim=0))
    good = medians["bf16"] <= FASTER * medians["fp32"] and cosine >= RIGHT
    return Probe("bf16" if good else "fp32", medians["fp32"], medians["bf16"], cosine)


def _gradient(
    model: nn.Module, images_BCHW: Tensor, targets: Tensor, precision: str, device: torch.device
) -> Tensor:
    with autocast(precision, device):
        logits_BK = model(images_BCHW)
    loss = F.cross_entropy(logits_BK.float(), targets)
    parameters = [p for p in model.parameters() if p.requires_grad]
    gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
    return torch.cat([g.flatten() for g in gradients if g is not None])
