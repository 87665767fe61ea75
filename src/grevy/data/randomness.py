"""Every random number is a function of the seed, its purpose and the step.

So a resumed run, or a run on several devices, draws the same numbers as an unbroken one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch

CPU = torch.device("cpu")


def derive(seed: int, purpose: str, step: int = 0) -> int:
    """A 63-bit seed for one purpose at one step (NumPy's SeedSequence mixes them)."""
    entropy = [seed % 2**64, zlib.crc32(purpose.encode()), step]
    return int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0] >> np.uint64(1))


def generator(seed: int, purpose: str, step: int = 0) -> torch.Generator:
    """A generator on the CPU, whatever the training device, so that all devices agree."""
    return torch.Generator().manual_seed(derive(seed, purpose, step))


@contextmanager
def own_randomness(seed: int, device: torch.device = CPU) -> Iterator[None]:
    """Kernels and a random state of our own; the caller's come back afterwards.

    Args:
        seed: of the training whose initial weights are drawn first.
        device: whose random state is used beside the CPU's.
    """
    with own_kernels(), seeded(derive(seed, "initial weights"), device):
        yield


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """PyTorch's random state begins at a seed; the caller's comes back afterwards.

    Args:
        seed: 63 bits, from `derive`.
        device: whose random state is used beside the CPU's.
    """
    with torch.random.fork_rng(accelerators_in_use(device)):
        torch.manual_seed(seed)
        yield


def accelerators_in_use(device: torch.device = CPU) -> Sequence[torch.device | int]:
    """Accelerators whose random state a seed changes; without a list PyTorch starts them all."""
    if device.type == "cuda" or torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        return range(torch.cuda.device_count())
    return [] if device.type == "cpu" else [device]


@contextmanager
def own_kernels() -> Iterator[None]:
    """CuDNN's deterministic kernels, float32 that is float32; the caller's choice comes back.

    PyTorch lets cuDNN round the inputs of float32 convolutions to 10 bits (TF32) unless it is told
    not to, but not those of matrix products: here fp32 means the same for both.
    """
    cudnn = torch.backends.cudnn
    with cudnn.flags(cudnn.enabled, benchmark=False, deterministic=True, allow_tf32=False):
        yield
