"""Features on disk: what the frozen front of a network makes of every picture, computed once.

    <cache folder>/features/<key>/
      train-plain.npy, train-flipped.npy, ...   [N, ...] float16 or float32, memory-mapped when read
      meta.json                                 what the key was made of

An entry appears under its key only when it is whole. Deleting any of it is always safe.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grevy.data.places import cache_folder
from grevy.data.space import require_space, saving
from grevy.records.atomic import sync_folder, write_json
from grevy.records.run import identity

Compute = Callable[[str, str], Iterable[NDArray[Any]]]
"""Called with split and view; gives the features batch by batch, in the split's order."""

OnProgress = Callable[[int, int], None]
"""Called with (pictures done, pictures in all), views counted apart."""


def features_on_disk(
    facts: Mapping[str, Any],
    counts: Mapping[str, int],
    views: tuple[str, ...],
    shape: tuple[int, ...],
    number: str,
    compute: Compute,
    on_progress: OnProgress,
) -> dict[tuple[str, str], NDArray[Any]]:
    """Features by (split, view), from the cache or computed into it.

    Args:
        facts: all that decides them: weights, cut, data, preprocessing, precision; the key.
        counts: pictures of each split.
        views: plain, flipped.
        shape: of one picture's features.
        number: float16 or float32.
        compute: makes what is not there.
        on_progress: hears how far that is.

    Raises:
        SaveError: the cache folder lacks the space or can't be written.
    """
    asked = {**facts, "counts": dict(counts), "views": views, "shape": shape, "number": number}
    place = cache_folder() / "features" / identity(asked)
    if not place.exists():
        _fill(place, asked, counts, views, shape, number, compute, on_progress)
    keys = [(split, view) for split in counts for view in views]
    return {key: np.load(place / f"{'-'.join(key)}.npy", mmap_mode="r") for key in keys}


def features_size(
    counts: Mapping[str, int], views: tuple[str, ...], shape: tuple[int, ...], number: str
) -> int:
    """Bytes that they take."""
    each = int(np.prod(shape)) * np.dtype(number).itemsize
    return sum(counts.values()) * len(views) * each


def _fill(
    place: Path,
    asked: Mapping[str, Any],
    counts: Mapping[str, int],
    views: tuple[str, ...],
    shape: tuple[int, ...],
    number: str,
    compute: Compute,
    on_progress: OnProgress,
) -> None:
    temporary = place.with_name(f".{place.name}.{os.getpid()}")
    with saving(temporary, features_size(counts, views, shape, number)):
        temporary.mkdir(parents=True, exist_ok=True)
        require_space(temporary, features_size(counts, views, shape, number), "the features")
    total, done = sum(counts.values()) * len(views), 0
    try:
        for split, view in ((split, view) for split in counts for view in views):
            path = temporary / f"{split}-{view}.npy"
            with saving(path), path.open("wb") as file:
                header = {"descr": np.dtype(number).str, "fortran_order": False}
                np.lib.format.write_array_header_1_0(
                    file, {**header, "shape": (counts[split], *shape)}
                )
                row = 0
                for piece in compute(split, view):  # not a memory map: a full disk would kill us
                    file.write(np.ascontiguousarray(piece, number).data)
                    row += len(piece)
                    on_progress(done + row, total)
                file.flush()
                os.fsync(file.fileno())
            done += counts[split]
        with saving(temporary):
            write_json(temporary / "meta.json", asked)
            sync_folder(temporary)
            if not place.exists():  # another process may have been quicker
                temporary.replace(place)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
