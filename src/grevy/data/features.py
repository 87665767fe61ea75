"""Features: what the frozen front of a network makes of every picture, computed once and kept.

<cache folder>/features/<key>/
  features.npy   [N, ...] float16 or float32 of one split and view, memory-mapped when read
  meta.json      what the key was made of, and what the file must be: see `grevy.data.sealed`
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock
from numpy.typing import NDArray
from torch import Tensor

from grevy.data.augment.augmented_view import PLAIN, AugmentedView
from grevy.data.augment.flip import alternating_flips, draw_flips
from grevy.data.augment.pipeline import Pipeline
from grevy.data.batches import MEMORY_SHARE, free_beside
from grevy.data.places import cache_folder
from grevy.data.sealed import damaged, folder_that_becomes, read_sealed, remove, seal
from grevy.data.space import require_space, saving
from grevy.data.to_device import to_device
from grevy.errors import CorruptRecordError, FeatureRangeError
from grevy.figures.numerals import counted
from grevy.records.run import identity

FILE = "features.npy"

OnProgress = Callable[[int], None]
"""Called with the number of pictures that are done."""

Say = Callable[[str], None]
"""Called with a sentence for the user."""


@dataclass(frozen=True)
class FeatureFile:
    """Features of one split in one view, on disk.

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
        self,
        compute: Callable[[], Iterable[NDArray[np.float32]]],
        on_progress: OnProgress,
        say: Say = lambda sentence: None,
    ) -> NDArray[Any]:
        """Features [N, ...] as a read-only memory map, from the cache or computed into it.

        Kept ones that are not as they were written are computed anew.

        Args:
            compute: gives the features batch by batch, in the split's order.
            on_progress: hears how far that is.
            say: hears of damage.

        Raises:
            SaveError: the cache folder lacks the space or can't be written.
            FeatureRangeError: a feature that is not finite, or that `number` can't hold.
        """
        with saving(self.place):
            self.place.parent.mkdir(parents=True, exist_ok=True)
        with self._alone():  # others wait, then read
            if self.place.exists():
                try:
                    self._require_whole()
                except CorruptRecordError as error:
                    say(f"{error.received}: these features are computed anew")
                    remove(self.place)
            if not self.place.exists():
                self._fill(compute(), on_progress)
            features: NDArray[Any] = np.load(self.place / FILE, mmap_mode="r")
        return features

    @contextmanager
    def _alone(self) -> Iterator[None]:
        lock = FileLock(self.place.with_name(f".{self.place.name}.lock"))
        with saving(self.place):
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _require_whole(self) -> None:
        """Refuse a folder that was changed, or is of other features.

        Raises:
            CorruptRecordError: it is.
        """
        facts = read_sealed(self.place)
        asked = json.loads(json.dumps(self._asked))
        if {name: facts.get(name) for name in asked} != asked or FILE not in facts["files"]:
            raise damaged(self.place, "they are of something else")

    def _fill(self, pieces: Iterable[NDArray[np.float32]], on_progress: OnProgress) -> None:
        with folder_that_becomes(self.place) as folder:
            require_space(folder, self.size, "the features")
            with saving(folder / FILE, self.size):
                self._write(folder / FILE, pieces, on_progress)
            with saving(folder):
                seal(folder, self._asked)

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
                file.write(self._as_number(piece, done).data)
                done += len(piece)
                on_progress(done)

    def _as_number(self, piece: NDArray[np.float32], done: int) -> NDArray[Any]:
        """As it is kept; `done` pictures came before.

        Raises:
            FeatureRangeError: a feature that is NaN or infinite, or too large for the number.
        """
        broken_B = ~np.isfinite(piece).reshape(len(piece), -1).all(1)
        if broken_B.any():
            kind = "nan" if np.isnan(piece).any() else "infinite"
            raise FeatureRangeError(
                f"features that are {kind} for {broken_B.sum():,} of "
                f"{counted(len(piece), 'picture')}, first number {done + broken_B.argmax() + 1:,} "
                f"of {self.count:,}",
                "finite numbers from the layers that are not trained",
                "choose other weights, or statistics of pictures that belong to them",
            )
        largest = float(np.abs(piece).max(initial=0.0))
        if largest > float(np.finfo(self.number).max):
            raise FeatureRangeError(
                f"a feature of {largest:g}",
                f"at most {np.finfo(self.number).max:g}, as {self.number} holds it",
                "train with --precision fp32, or with --transfer.no-cache",
            )
        return np.ascontiguousarray(piece, self.number)


class FeaturesOnDevice:
    """Features of all pictures of a split, plain and flipped, next to the network's back.

    They stand where `PicturesOnDevice` do when the network is cut in two.

    Args:
        shape: of one picture's features.
        labels_N: int64, where the network is.
        read: gives the features [N, ...], plain and, where mirror images are shown, flipped. It is
            called once, when they are first needed: those of the test split when the training is
            over.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        labels_N: Tensor,
        read: Callable[[], Sequence[NDArray[Any]]],
    ) -> None:
        self.device = labels_N.device
        self.shape = torch.Size((len(labels_N), *shape))
        self.labels_N = labels_N
        self._read = read

    def __len__(self) -> int:
        return len(self.labels_N)

    def load(self) -> None:
        """Read or compute them now."""
        _ = self._views

    def inputs(self, index_B: Tensor, view: AugmentedView = PLAIN) -> Tensor:
        """Features [B, ...], float32; there are none of shifted pictures."""
        return self._take(int(view.flipped), index_B)

    def augmented(
        self,
        index_B: Tensor,
        pipeline: Pipeline,
        *,
        classes: int,
        epoch: int,
        generator: torch.Generator,
        run_number: int,
    ) -> tuple[Tensor, Tensor]:
        """Features [B, ...], float32, of each picture or of its mirror image, and labels [B].

        The same pictures are flipped as where the whole network is trained.
        """
        labels_B = self.labels_N[index_B]
        flip = pipeline.config.flip
        if flip == "none":
            return self.inputs(index_B), labels_B
        if flip == "random":
            flipped_B = draw_flips(len(index_B), generator)
        else:
            flipped_B = alternating_flips(index_B, epoch, run_number)
        shape = (-1, *[1] * (len(self.shape) - 1))
        plain, flipped = self._take(0, index_B), self._take(1, index_B)
        chosen = to_device(flipped_B, self.device).view(shape)
        return torch.where(chosen, flipped, plain), labels_B

    @cached_property
    def _views(self) -> list[Tensor | NDArray[Any]]:
        return [_near(view_N, self.device) for view_N in self._read()]

    def _take(self, view: int, index_B: Tensor) -> Tensor:
        kept = self._views[view]
        if isinstance(kept, Tensor):
            return kept[index_B].float()
        return to_device(torch.from_numpy(kept[index_B.cpu().numpy()]), self.device).float()


def _near(view_N: NDArray[Any], device: torch.device) -> Tensor | NDArray[Any]:
    """In memory next to the network, or still on disk where that would take too much."""
    if 2 * view_N.nbytes > MEMORY_SHARE * free_beside(device):
        return view_N
    return torch.from_numpy(np.array(view_N)).to(device)
