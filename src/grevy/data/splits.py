"""Parts and fingerprints of splits."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grevy.data.names import listed
from grevy.data.places import cache_folder
from grevy.data.space import require_space, saving
from grevy.errors import SplitTooSmallError

_IN_MEMORY_BYTES = 4 * 2**30


def stratified_part(
    labels_N: NDArray[Any] | Sequence[Any], fraction: float, seed: int
) -> NDArray[np.bool_]:
    """A random part of each class: round(fraction n) of its n members, at least one in each part.

    Args:
        labels_N: class of each picture, as numbers or names.
        fraction: of each class, above 0 and below 1.
        seed: the same seed and labels give the same part on every platform.

    Returns:
        Boolean mask `[N]` of the part.

    Raises:
        SplitTooSmallError: a class with one member only.
    """
    names, class_N, counts_K = np.unique(labels_N, return_inverse=True, return_counts=True)
    if lonely := [str(name) for name in names[counts_K < 2]]:
        raise SplitTooSmallError(
            f"1 picture only of class {listed(lonely)}",
            "at least 2 of every class in train, of which one becomes validation",
            "add pictures, or a validation split of your own",
        )
    # One number a picture, the smallest of each class win: unlike `permutation`, the plain
    # stream of PCG64 is the same for all versions of NumPy.
    lots_N = np.random.Generator(np.random.PCG64(seed)).random(len(class_N))
    by_class_and_lot_N = np.lexsort((lots_N, class_N))
    place_in_class_N = np.arange(len(class_N)) - np.repeat(np.cumsum(counts_K) - counts_K, counts_K)
    wanted_K = np.clip(np.floor(fraction * counts_K + 0.5), 1, counts_K - 1)
    mask_N = np.empty(len(class_N), bool)
    mask_N[by_class_and_lot_N] = place_in_class_N < np.repeat(wanted_K, counts_K)
    return mask_N


def split_hash(labels: Sequence[str], pixel_hashes: Sequence[str]) -> str:
    """SHA-256 over the sorted (class name, pixel hash) pairs: independent of order and format."""
    pairs = sorted(zip(labels, pixel_hashes, strict=True))
    return hashlib.sha256(json.dumps(pairs).encode()).hexdigest()


def order_hash(labels: Sequence[str], pixel_hashes: Sequence[str]) -> str:
    """SHA-256 over the (class name, pixel hash) pairs in their order."""
    pairs = list(zip(labels, pixel_hashes, strict=True))
    return hashlib.sha256(json.dumps(pairs).encode()).hexdigest()


def data_fingerprint(classes: Sequence[str], split_hashes: Mapping[str, str]) -> str:
    """SHA-256 over the content hashes of the splits and the class names in order."""
    content = {"classes": list(classes), "splits": dict(split_hashes)}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def take_rows(images_NCHW: NDArray[np.uint8], rows_M: NDArray[np.intp]) -> NDArray[np.uint8]:
    """Those rows: the memory map itself if all are asked for in order, else a copy.

    The copy lies in memory up to 4 GiB, beyond that in an unnamed file in the cache folder that
    vanishes with the process.

    Raises:
        SaveError: the cache folder lacks the space.
    """
    if np.array_equal(rows_M, np.arange(len(images_NCHW))):
        return images_NCHW
    shape = (len(rows_M), *images_NCHW.shape[1:])
    needed = int(np.prod(shape))
    if needed <= _IN_MEMORY_BYTES:
        return images_NCHW[rows_M]
    folder = cache_folder()
    require_space(folder, needed)
    with saving(folder, needed), tempfile.TemporaryFile(dir=folder) as file:
        copy_MCHW = np.memmap(file, np.uint8, "w+", shape=shape)
    for start in range(0, len(rows_M), 1024):
        copy_MCHW[start : start + 1024] = images_NCHW[rows_M[start : start + 1024]]
    return copy_MCHW
