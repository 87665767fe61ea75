"""Features on disk: what the frozen front of a network makes of every picture, computed once.

    <cache folder>/features/<key>/
      features.npy   [N, ...] float16 or float32 of one split and view, memory-mapped when read
      meta.json      what the key was made of

An entry appears under its key only when it is whole. Deleting any of it is always safe.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from grevy.data.places import cache_folder
from grevy.data.space import require_space, saving
from grevy.errors import CorruptRecordError, FeatureRangeError
from grevy.records.atomic import sync_folder, write_json
from grevy.records.run import identity

FILE = "features.npy"

OnProgress = Callable[[int], None]
"""Called with the number of pictures that are done."""


@dataclass(frozen=True)
class FeatureSet:
    """Features of one split in one view.

    Attributes:
        facts: all that decides them: weights, cut, pictures and their order, preprocessing, view.
        count: pictures N.
        shape: of one picture's features.
        number: float16 or float32.
    """

    facts: Mapping[str, Any]
    count: int
    shape: tuple[int, ...]
    number: str

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self.count * int(np.prod(self.shape)) * np.dtype(self.number).itemsize

    @property
    def place(self) -> Path:
        """Its folder in the cache, whether it is there or not."""
        return cache_folder() / "features" / identity(self._asked)

    @property
    def _asked(self) -> dict[str, Any]:
        return {**self.facts, "count": self.count, "shape": self.shape, "number": self.number}

    def read_or_compute(
        self, compute: Callable[[], Iterable[NDArray[np.float32]]], on_progress: OnProgress
    ) -> NDArray[Any]:
        """Features [N, ...] as a read-only memory map, from the cache or computed into it.

        Args:
            compute: gives the features batch by batch, in the split's order.
            on_progress: hears how far that is.

        Raises:
            SaveError: the cache folder lacks the space or can't be written.
            FeatureRangeError: a feature that `number` can't hold.
            CorruptRecordError: the kept file was damaged since.
        """
        with saving(self.place):
            self.place.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self.place.with_name(f".{self.place.name}.lock")):  # others wait, then read
            if not (self.place / FILE).exists():
                self._fill(compute(), on_progress)
        try:
            features: NDArray[Any] = np.load(self.place / FILE, mmap_mode="r")
        except (OSError, ValueError) as error:
            raise CorruptRecordError(
                f"damaged features in {self.place} ({error})",
                "the file as it was written",
                f"delete {self.place}",
            ) from error
        return features

    def _fill(self, pieces: Iterable[NDArray[np.float32]], on_progress: OnProgress) -> None:
        temporary = self.place.with_name(f".{self.place.name}")  # under the lock it is ours alone
        shutil.rmtree(temporary, ignore_errors=True)  # what a killed process left
        try:
            with saving(temporary, self.size):
                temporary.mkdir(parents=True, exist_ok=True)
                require_space(temporary, self.size, "the features")
            with saving(temporary / FILE, self.size):
                self._write(temporary / FILE, pieces, on_progress)
            with saving(temporary):
                write_json(temporary / "meta.json", self._asked)
                sync_folder(temporary)
                shutil.rmtree(self.place, ignore_errors=True)  # somebody took its file away
                temporary.replace(self.place)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def _write(
        self, path: Path, pieces: Iterable[NDArray[np.float32]], on_progress: OnProgress
    ) -> None:
        """With plain writes, not through a memory map: there a full disk would kill the process."""
        header = {"descr": np.dtype(self.number).str, "fortran_order": False}
        done = 0
        with path.open("wb") as file:
            np.lib.format.write_array_header_1_0(
                file, {**header, "shape": (self.count, *self.shape)}
            )
            for piece in pieces:
                file.write(self._as_number(piece).data)
                done += len(piece)
                on_progress(done)
            file.flush()
            os.fsync(file.fileno())

    def _as_number(self, piece: NDArray[np.float32]) -> NDArray[Any]:
        largest = float(np.abs(piece).max(initial=0.0))
        if not largest <= float(np.finfo(self.number).max):
            raise FeatureRangeError(
                f"a feature of {largest:g}",
                f"at most {np.finfo(self.number).max:g}, as {self.number} holds it",
                "train with --precision fp32, or with --transfer.no-cache",
            )
        return np.ascontiguousarray(piece, self.number)
