"""The frozen front of a network: computed once for each picture and view, where that is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from grevy.data.augment.view import View
from grevy.data.batches import FeatureBatches, FeaturesOnDevice, PicturesOnDevice
from grevy.data.features import features_on_disk, features_size
from grevy.data.types import ImageData
from grevy.models.transfer.cut import Cut, find_cut
from grevy.models.transfer.frozen import TrainedPart
from grevy.models.transfer.fuse import fuse_batch_norms
from grevy.models.transfer.initial import Beginning
from grevy.models.transfer.resize import input_side, resize_input
from grevy.recipes.schema import Recipe
from grevy.training.listener import Listener
from grevy.training.precision import autocast

BATCH = 64
"""Pictures at a time: larger ones don't fit a processor's cache and are no faster."""

GIGABYTE = 1e9


@dataclass(frozen=True)
class KeptFeatures:
    """Features of all splits, and the cut behind which they are taken up."""

    cut: Cut
    features: Mapping[str, FeaturesOnDevice]

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
            SaveError: the cache folder lacks the space or can't be written.
        """
        if not self.part.frozen or not self.recipe.transfer.cache:
            return None
        self._tell_part(listener)
        if changes := self._uncached_changes():
            listener.said(
                f"the frozen layers are computed in every epoch: {', '.join(changes)} can't be kept"
                " (flips can)"
            )
            return None
        cut = find_cut(self.network, self.part)
        if cut is None:
            listener.said(
                "the frozen layers are computed in every epoch: no place to cut was found"
            )
            return None
        return self._kept(cut, beginning, listener)

    def _tell_part(self, listener: Listener) -> None:
        trained, frozen = self.part.trained, self.part.frozen
        parameters = sum(p.numel() for p in self.network.parameters() if p.requires_grad)
        listener.said(
            f"trained: {len(trained)} layers with {parameters:,} parameters"
            f" ({trained[0]} to {trained[-1]}); frozen: {len(frozen)} layers"
        )

    def _uncached_changes(self) -> list[str]:
        """Fields that show a picture in more ways than plain and flipped."""
        augment = self.recipe.augment.model_dump()
        off = type(self.recipe.augment)().model_dump()
        named = [n for n, value in augment.items() if n != "flip" and value != off[n]]
        named += ["test_time_shift"] if self.recipe.test_time_shift else []
        return [name for name in named if name != "randaugment_magnitude"]

    def _kept(
        self, cut: Cut, beginning: Beginning | None, listener: Listener
    ) -> KeptFeatures | None:
        front = self._front(cut)
        shape = tuple(next(self._pieces(front, "train", "plain", limit=1)).shape[1:])
        flips = self.recipe.augment.flip != "none" or self.recipe.test_time_flip
        views = ("plain", "flipped") if flips else ("plain",)
        counts = {name: len(split) for name, split in self.data.splits.items()}
        number = "float32" if self.precision == "fp32" else "float16"
        size = features_size(counts, views, shape, number) / GIGABYTE
        what = f"features after {cut.after} ({'×'.join(map(str, shape))}) of {len(views)} view(s)"
        if size > self.recipe.transfer.cache_limit:
            listener.said(
                f"the frozen layers are computed in every epoch: {what} would take {size:,.1f} GB,"
                f" transfer.cache_limit is {self.recipe.transfer.cache_limit:g}"
            )
            return None
        listener.said(f"{what}: {size:,.2f} GB, computed once")
        found = features_on_disk(
            self._facts(cut, beginning),
            counts,
            views,
            shape,
            number,
            lambda split, view: self._pieces(front, split, view),
            lambda done, total: listener.advanced("features", done, total),
        )
        return KeptFeatures(cut, {name: self._split(found, name) for name in counts})

    def _split(self, found: Mapping[tuple[str, str], NDArray[Any]], name: str) -> FeaturesOnDevice:
        labels_N = self.data.splits[name].labels_N
        device = self.statistics[0].device
        return FeaturesOnDevice(
            found[name, "plain"], found.get((name, "flipped")), labels_N, device
        )

    def _front(self, cut: Cut) -> nn.Module:
        front = cut.front_of(self.network)
        front.eval()  # before its batch norms are folded
        front = fuse_batch_norms(front)
        side = input_side(self.network)
        return resize_input(front, side, self.recipe.model.interpolation) if side else front

    @torch.no_grad()
    def _pieces(
        self, front: nn.Module, split: str, view: str, limit: int | None = None
    ) -> Iterator[NDArray[Any]]:
        pictures = self.pictures[split]
        order_N = torch.arange(limit or len(pictures), device=pictures.device)
        for index_B in torch.split(order_N, BATCH):
            images_BCHW = pictures.inputs(index_B, *self.statistics, View(view == "flipped"))
            with autocast(self.precision, pictures.device):
                features = front(images_BCHW)
            yield features.float().cpu().numpy()

    def _facts(self, cut: Cut, beginning: Beginning | None) -> dict[str, Any]:
        """All that decides the features. Fresh weights decide them by their values."""
        model, pictures = self.recipe.model, self.recipe.pictures
        weights = beginning.loaded.sha256 if beginning else _fingerprint(self.network)
        return {
            "format": 2,
            "model": [model.name, model.builder_arguments()],
            "weights": weights,
            "after": cut.after,
            "data": self.data.fingerprint,
            "splits": {name: s.content_hash for name, s in self.data.splits.items()},
            "order": {name: _order(s.ids) for name, s in self.data.splits.items()},
            "input": [*self.data.input_shape, self.data.fit, str(pictures.size)],
            "statistics": [values.tolist() for values in self.statistics],
            "precision": self.precision,
            "torch": torch.__version__,
        }


def _order(ids: tuple[str, ...]) -> str:
    from grevy.records.run import identity

    return identity(list(ids))


def _fingerprint(network: nn.Module) -> str:
    import hashlib

    digest = hashlib.sha256()
    for name, value in network.state_dict().items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(value.detach().cpu().numpy()).tobytes())
    return digest.hexdigest()
