"""The frozen front of a network: computed once for each picture and view, where that is right."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from grevy.classifier.precision import autocast
from grevy.data.augment.augmented_view import AugmentedView
from grevy.data.batches import FeatureBatches, FeaturesOnDevice, PicturesOnDevice
from grevy.data.features import FeatureSet
from grevy.data.places import cache_folder
from grevy.data.space import free_space
from grevy.data.types import ImageData
from grevy.models.transfer.cut import Cut, find_cut
from grevy.models.transfer.front import KEPT_AS, front_of
from grevy.models.transfer.frozen import TrainedPart
from grevy.models.transfer.initial import Beginning
from grevy.models.transfer.preprocessing import builder_arguments
from grevy.models.transfer.resize import input_side
from grevy.recipes.schema import Recipe
from grevy.records.run import identity
from grevy.training.listeners.listener import Listener

PIXELS_AT_ONCE = 16 * 160 * 160
"""Of a batch on the CPU: the maps of larger ones leave the processor's cache, and take up to twice
as long a picture."""

GIGABYTE, MEGABYTE = 1e9, 1e6


Sets = Mapping[tuple[str, str], FeatureSet]
"""By split and view."""


class FeaturesBySplit(Mapping[str, FeaturesOnDevice]):
    """Features of each split, read or computed when they are first asked for.

    The test split's are so computed when the training is over.
    """

    def __init__(self, splits: tuple[str, ...], make: Callable[[str], FeaturesOnDevice]) -> None:
        self._splits, self._make = splits, make
        self._made: dict[str, FeaturesOnDevice] = {}

    def __getitem__(self, split: str) -> FeaturesOnDevice:
        if split not in self._splits:
            raise KeyError(split)
        if split not in self._made:
            self._made[split] = self._make(split)
        return self._made[split]

    def __iter__(self) -> Iterator[str]:
        return iter(self._splits)

    def __len__(self) -> int:
        return len(self._splits)


@dataclass(frozen=True)
class KeptFeatures:
    """Features of all splits, and the cut behind which they are taken up."""

    cut: Cut
    features: FeaturesBySplit

    def batches(self, recipe: Recipe, seed: int) -> FeatureBatches:
        """Of the train split."""
        train = self.features["train"]
        return FeatureBatches(train, recipe.batch_size, seed, recipe.augment.flip)


@dataclass(frozen=True)
class FrozenFront:
    """What the features depend on.

    Attributes:
        network: whole, with its first weights, on the device.
        statistics: mean and standard deviation a channel.
    """

    network: nn.Module
    part: TrainedPart
    recipe: Recipe
    data: ImageData
    pictures: Mapping[str, PicturesOnDevice]
    statistics: tuple[Tensor, Tensor]
    precision: str

    def features(self, beginning: Beginning | None, listener: Listener) -> KeptFeatures | None:
        """Features from the cache or computed into it; None: nothing can be kept, and why is said.

        Raises:
            SaveError: the cache folder can't be written.
            FeatureRangeError: a feature that half precision can't hold.
        """
        if not self.part.frozen:
            return None
        cut = find_cut(self.network, self.part)
        front = front_of(self.network, cut, self.recipe.model) if cut else None
        reason = self._why_not(cut)
        if cut is not None and front is not None and reason is None:
            sets = self._sets(cut, front, beginning)
            reason = self._too_large(sets)
            if reason is None:
                return self._kept(cut, front, sets, listener)
        cost = f", at least {self._seconds_an_epoch(front):,.0f} s an epoch" if front else ""
        listener.said(f"the frozen layers are computed anew in every step{cost}: {reason}")
        return None

    def _why_not(self, cut: Cut | None) -> str | None:
        if not self.recipe.transfer.cache:
            return "transfer.cache is off"
        if self.recipe.selection.is_on:
            return "the proxy that selects pictures looks at them, not at features"
        if changes := self._uncached_changes():
            return f"{' and '.join(changes)} can't be kept, flips alone can"
        return None if cut else "no place was found where the network can be cut"

    def _seconds_an_epoch(self, front: nn.Module) -> float:
        """What the frozen front takes for all train pictures, from one batch after another."""
        count = min(self._batch_size(), len(self.pictures["train"]))
        next(self._pieces(front, "train", "plain", limit=count))
        began = time.perf_counter()
        next(self._pieces(front, "train", "plain", limit=count))
        return (time.perf_counter() - began) / count * len(self.pictures["train"])

    def _uncached_changes(self) -> list[str]:
        """Fields that show a picture in more ways than plain and flipped."""
        augment = self.recipe.augment.model_dump()
        off = type(self.recipe.augment)().model_dump()
        named = [n for n, value in augment.items() if n != "flip" and value != off.get(n)]
        named += ["test_time_shift"] if self.recipe.test_time_shift else []
        return [name for name in named if name != "randaugment_magnitude"]

    def _sets(self, cut: Cut, front: nn.Module, beginning: Beginning | None) -> Sets:
        shape = tuple(next(self._pieces(front, "train", "plain", limit=1)).shape[1:])
        facts = self._facts(cut, front, beginning)
        return {
            (split, view): self._feature_set(facts, split, view, shape)
            for split in self.data.splits
            for view in self._views(split)
        }

    def _too_large(self, sets: Sets) -> str | None:
        """Why the features can't be kept, if they can't."""
        size, limit = sum(found.size for found in sets.values()), self.recipe.transfer.cache_limit
        if size > limit * GIGABYTE:
            return f"features of {size / GIGABYTE:,.1f} GB, transfer.cache_limit is {limit:g}"
        missing = sum(found.size for found in sets.values() if not found.place.exists())
        free = free_space(cache_folder())
        if missing > free:
            return (
                f"features of {missing / GIGABYTE:,.1f} GB, {free / GIGABYTE:,.1f} GB are free in"
                f" {cache_folder()} (GREVY_CACHE may name another folder)"
            )
        return None

    def _kept(self, cut: Cut, front: nn.Module, sets: Sets, listener: Listener) -> KeptFeatures:
        self._tell(cut, sets, listener)

        def make(split: str) -> FeaturesOnDevice:
            views = {v: s for (name, v), s in sets.items() if name == split}
            return self._split(front, split, views, listener)

        return KeptFeatures(cut, FeaturesBySplit(tuple(self.data.splits), make))

    def _views(self, split: str) -> tuple[str, ...]:
        """Mirror images where the training or the evaluation shows them."""
        augmented = self.recipe.augment.flip != "none"
        shown = augmented if split == "train" else self.recipe.test_time_flip
        return ("plain", "flipped") if shown else ("plain",)

    def _tell(self, cut: Cut, sets: Sets, listener: Listener) -> None:
        shape = "×".join(map(str, next(iter(sets.values())).shape))
        size = sum(found.size for found in sets.values()) / MEGABYTE
        count = sum(found.count for found in sets.values())
        there = sum(found.count for found in sets.values() if found.place.exists())
        listener.said(
            f"features after {cut.after} ({shape}): {size:,.0f} MB on disk, for {count:,} views of"
            " pictures" + (f" ({there:,} are there already)" if there else "")
        )

    def _feature_set(
        self, facts: Mapping[str, Any], split: str, view: str, shape: tuple[int, ...]
    ) -> FeatureSet:
        pictures = self.data.splits[split]
        number = KEPT_AS[self.precision]
        own = {"pictures": pictures.order_hash, "view": view}
        return FeatureSet({**facts, **own}, len(pictures), shape, number)

    def _split(
        self, front: nn.Module, split: str, views: Mapping[str, FeatureSet], listener: Listener
    ) -> FeaturesOnDevice:
        total = sum(found.count for found in views.values())
        arrays: dict[str, NDArray[Any]] = {}
        for number, (view, found) in enumerate(views.items()):
            before = number * found.count

            def tell(done: int, before: int = before) -> None:
                listener.advanced(f"features of {split}", before + done, total)

            def compute(view: str = view) -> Iterator[NDArray[np.float32]]:
                return self._pieces(front, split, view)

            arrays[view] = found.read_or_compute(compute, tell)
        labels_N, device = self.data.splits[split].labels_N, self.statistics[0].device
        return FeaturesOnDevice(arrays["plain"], arrays.get("flipped"), labels_N, device)

    @torch.no_grad()
    def _pieces(
        self, front: nn.Module, split: str, view: str, limit: int | None = None
    ) -> Iterator[NDArray[np.float32]]:
        pictures = self.pictures[split]
        order_N = torch.arange(limit or len(pictures), device=pictures.device)
        for index_B in torch.split(order_N, self._batch_size()):
            images_BCHW = pictures.inputs(
                index_B, *self.statistics, AugmentedView(view == "flipped")
            )
            with autocast(self.precision, pictures.device):
                features = front(images_BCHW)
            yield features.float().cpu().numpy()

    def _batch_size(self) -> int:
        side = input_side(self.network)
        pixels = side**2 if side else math.prod(self.data.input_shape[1:])
        at_once = PIXELS_AT_ONCE * (1 if self.statistics[0].device.type == "cpu" else 16)
        return max(1, at_once // pixels)

    def _facts(self, cut: Cut, front: nn.Module, beginning: Beginning | None) -> dict[str, Any]:
        """What decides the features of any split. Fresh weights decide them by their values."""
        model = self.recipe.model
        weights = beginning.loaded.sha256 if beginning else _fingerprint(self.network)
        return {
            "format": 4,
            "layers": identity(str(cut.front), repr(front)),
            "model": [model.name, builder_arguments(model)],
            "weights": weights,
            "after": cut.after,
            "input": [*self.data.input_shape, self.data.fit],
            "statistics": [values.tolist() for values in self.statistics],
            "precision": self.precision,
            "torch": torch.__version__,
        }


def _fingerprint(network: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, value in network.state_dict().items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(value.detach().cpu().numpy()).tobytes())
    return digest.hexdigest()
