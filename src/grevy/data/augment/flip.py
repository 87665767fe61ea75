"""Left-right flips."""

from __future__ import annotations

import torch
from torch import Tensor

from grevy.data.to_device import to_device

# Odd constants of the splitmix64 finaliser (Steele, Lea and Flood 2014,
# "Fast splittable pseudorandom number generators"), as signed 64-bit numbers.
_GOLDEN = 0x9E3779B97F4A7C15 - 2**64
_MIX_1 = 0xBF58476D1CE4E5B9 - 2**64
_MIX_2 = 0x94D049BB133111EB - 2**64
_SEED_STRIDE = 0xD1B54A32D192ED03  # any odd number unlike _GOLDEN: seeds are not shifted ids


def flip(images_BCHW: Tensor, flipped_B: Tensor) -> Tensor:
    """Mirror those uint8 pictures whose entry in the bool tensor `flipped_B` is true."""
    mirrored_BCHW = images_BCHW.flip(-1)
    take_B111 = to_device(flipped_B, images_BCHW.device).to(torch.uint8).view(-1, 1, 1, 1)
    # uint8 arithmetic wraps around, so this is exact; on CPU it takes a third of torch.where.
    return images_BCHW + take_B111 * (mirrored_BCHW - images_BCHW)


def draw_flips(count: int, generator: torch.Generator) -> Tensor:
    """Draw `count` bools, each true with probability 0.5."""
    return torch.rand(count, generator=generator) < 0.5


def alternating_flips(ids_B: Tensor, epoch: int, flip_seed: int) -> Tensor:
    """Flip at random in epoch 0, then every picture the other way round in each epoch.

    Two successive epochs thus show every picture both ways, whatever the order of the batches
    (Jordan 2024, "94% on CIFAR-10 in 3.29 seconds on a single GPU", arXiv:2404.00498).

    Args:
        ids_B: int64 index of each picture in its split.
        epoch: counted from 0.
        flip_seed: which random half is flipped first; one number a run.
    """
    return (_hash(ids_B, flip_seed) + epoch) % 2 == 1


def _hash(ids_B: Tensor, seed: int) -> Tensor:
    """Spread (seed, id) over the 63 non-negative bits of int64: the same on every device."""
    z_B = (ids_B + 1) * _GOLDEN + seed * _SEED_STRIDE % 2**63
    z_B = (z_B ^ _shift_right(z_B, 30)) * _MIX_1
    z_B = (z_B ^ _shift_right(z_B, 27)) * _MIX_2
    return _shift_right(z_B ^ _shift_right(z_B, 31), 1)


def _shift_right(z_B: Tensor, bits: int) -> Tensor:
    """Shift without the sign bit, which int64 would drag along."""
    return (z_B >> bits) & ((1 << (64 - bits)) - 1)
