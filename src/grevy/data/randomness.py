"""Every random number is a function of the seed, its purpose and the step.

So a resumed run, or a run on several devices, draws the same numbers as an unbroken one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def derive(seed: int, purpose: str, step: int = 0) -> int:
    """A 63-bit seed for one purpose at one step (NumPy's SeedSequence mixes them)."""
    entropy = [seed % 2**64, zlib.crc32(purpose.encode()), step]
    return int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0] >> np.uint64(1))


def generator(seed: int, purpose: str, step: int = 0) -> torch.Generator:
    """A generator on the CPU, whatever the training device, so that all devices agree."""
    return torch.Generator().manual_seed(derive(seed, purpose, step))


@contextmanager
def own_randomness(seed: int) -> Iterator[None]:
    """Deterministic kernels and a random state of our own; the caller's comes back afterwards."""
    deterministic = torch.backends.cudnn.deterministic
    torch.backends.cudnn.deterministic = True
    try:
        with torch.random.fork_rng():
            torch.manual_seed(derive(seed, "initial weights"))
            yield
    finally:
        torch.backends.cudnn.deterministic = deterministic
