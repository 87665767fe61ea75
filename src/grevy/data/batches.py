"""Batches of train pictures: a function of (seed, step), cut and augmented on the device."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grevy.data.augment.augmented_view import PLAIN, AugmentedView
from grevy.data.augment.batch import Batch
from grevy.data.augment.flip import alternating_flips, draw_flips
from grevy.data.augment.normalise import normalise
from grevy.data.augment.pipeline import Pipeline
from grevy.data.randomness import derive, generator
from grevy.data.to_device import to_device
from grevy.data.types import Split
from grevy.errors import SplitTooSmallError
from grevy.recipes.augment import AugmentConfig

MEMORY_SHARE = 0.5
"""Part of the free memory that the pictures may take; larger data stays a memory map on disk."""


class PicturesOnDevice:
    """All pictures of a split as one uint8 tensor, channels last, next to the network.

    Pictures that would take more than half of the free memory stay in their memory map on disk
    and come over a batch at a time.
    """

    def __init__(self, split: Split, device: torch.device) -> None:
        self.device = device
        self.shape = torch.Size(split.images_NCHW.shape)
        self.labels_N = torch.from_numpy(split.labels_N).to(device)
        self._on_disk_NCHW = split.images_NCHW
        self._in_memory_NCHW: Tensor | None = None
        if split.images_NCHW.nbytes <= MEMORY_SHARE * free_memory(device):
            images_NCHW = torch.from_numpy(_writable(split.images_NCHW))
            layout = torch.channels_last
            self._in_memory_NCHW = images_NCHW.contiguous(memory_format=layout).to(device)

    def __len__(self) -> int:
        return len(self.labels_N)

    def pictures(self, index_B: Tensor) -> Tensor:
        """Pictures [B, C, H, W], uint8, channels last, on the device."""
        if self._in_memory_NCHW is None:
            images_BCHW = torch.from_numpy(self._on_disk_NCHW[index_B.cpu().numpy()])
        else:
            images_BCHW = self._in_memory_NCHW[index_B]
        return to_device(images_BCHW, self.device).contiguous(memory_format=torch.channels_last)

    def inputs(
        self,
        index_B: Tensor,
        mean_C: Tensor,
        standard_deviation_C: Tensor,
        view: AugmentedView = PLAIN,
    ) -> Tensor:
        """What the network takes: normalised pictures [B, C, H, W], in a view of them."""
        return view.of(normalise(self.pictures(index_B), mean_C, standard_deviation_C))


def _writable(images_NCHW: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The pictures, or a copy of a read-only memory map, of which PyTorch would make no tensor."""
    return images_NCHW if images_NCHW.flags.writeable else np.array(images_NCHW)


class FeaturesOnDevice:
    """What the frozen front of a network made of all pictures of a split, plain and flipped.

    It stands where `PicturesOnDevice` does when the network is cut in two.
    """

    def __init__(
        self,
        plain_N: NDArray[Any],
        flipped_N: NDArray[Any] | None,
        labels_N: NDArray[np.int64],
        device: torch.device,
    ) -> None:
        self.device = device
        self.shape = torch.Size(plain_N.shape)
        self.labels_N = torch.from_numpy(labels_N).to(device)
        self._views = [_near(view, device) for view in (plain_N, flipped_N) if view is not None]

    def __len__(self) -> int:
        return len(self.labels_N)

    def inputs(
        self,
        index_B: Tensor,
        mean_C: Tensor,
        standard_deviation_C: Tensor,
        view: AugmentedView = PLAIN,
    ) -> Tensor:
        """Features [B, ...] in float32; they were normalised before they were made.

        There are none of shifted pictures.
        """
        return self._take(int(view.flipped), index_B)

    def either(self, index_B: Tensor, flipped_B: Tensor) -> Tensor:
        """Features of each picture or of its mirror image."""
        shape = (-1, *[1] * (len(self.shape) - 1))
        plain, flipped = self._take(0, index_B), self._take(1, index_B)
        return torch.where(to_device(flipped_B, self.device).view(shape), flipped, plain)

    def _take(self, view: int, index_B: Tensor) -> Tensor:
        kept = self._views[view]
        if isinstance(kept, Tensor):
            return kept[index_B].float()
        return to_device(torch.from_numpy(kept[index_B.cpu().numpy()]), self.device).float()


def _near(view_N: NDArray[Any], device: torch.device) -> Tensor | NDArray[Any]:
    """In memory next to the network, or still on disk where that would take too much."""
    if 2 * view_N.nbytes > MEMORY_SHARE * free_memory(device):
        return view_N
    return torch.from_numpy(np.array(view_N)).to(device)


class BatchOrder:
    """Which pictures a step takes: each once an epoch; an incomplete last batch is dropped."""

    def __init__(self, count: int, batch_size: int, seed: int, device: torch.device) -> None:
        self.steps_per_epoch = count // batch_size
        if self.steps_per_epoch == 0:
            raise SplitTooSmallError(
                f"a batch of {batch_size} from {count} train pictures",
                f"a batch of at most {count}",
                f"choose a smaller --batch-size, for example {max(1, count // 10)}",
            )
        self._count, self._batch_size, self._seed, self._device = count, batch_size, seed, device
        self._epoch = -1
        self._order_N = torch.empty(0, dtype=torch.int64)

    def at(self, step: int) -> tuple[int, Tensor]:
        """The epoch, from 0, and indices [B]."""
        epoch, place = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            order_N = torch.randperm(self._count, generator=generator(self._seed, "order", epoch))
            self._epoch, self._order_N = epoch, to_device(order_N, self._device)
        return epoch, self._order_N[place * self._batch_size :][: self._batch_size]


class FeatureBatches:
    """The batches of `TrainBatches` without the front of the network: same order, same flips."""

    def __init__(self, features: FeaturesOnDevice, batch_size: int, seed: int, flip: str) -> None:
        self._order = BatchOrder(len(features), batch_size, seed, features.device)
        self._features, self._seed, self._flip = features, seed, flip
        self._nothing = torch.empty(0)

    @property
    def steps_per_epoch(self) -> int:
        """Whole batches."""
        return self._order.steps_per_epoch

    def at(self, step: int) -> tuple[Tensor, Tensor]:
        """Features [B, ...] float32 and labels [B]."""
        epoch, index_B = self._order.at(step)
        labels_B = self._features.labels_N[index_B]
        if self._flip == "none":
            return self._features.inputs(index_B, self._nothing, self._nothing), labels_B
        if self._flip == "random":
            flipped_B = draw_flips(len(index_B), generator(self._seed, "augmentation", step))
        else:
            flipped_B = alternating_flips(index_B, epoch, derive(self._seed, "alternating flip"))
        return self._features.either(index_B, flipped_B), labels_B


class TrainBatches:
    """Batch after batch of one epoch after another, each picture once an epoch."""

    def __init__(
        self,
        pictures: PicturesOnDevice,
        batch_size: int,
        seed: int,
        classes: int,
        config: AugmentConfig,
        mean_C: Tensor,
        standard_deviation_C: Tensor,
    ) -> None:
        self._order = BatchOrder(len(pictures), batch_size, seed, pictures.device)
        self._pictures = pictures
        self._seed = seed
        self._classes = classes
        self._pipeline = Pipeline(config)
        self._mean_C = mean_C
        self._standard_deviation_C = standard_deviation_C

    @property
    def steps_per_epoch(self) -> int:
        """Whole batches."""
        return self._order.steps_per_epoch

    def at(self, step: int) -> tuple[Tensor, Tensor]:
        """Images [B, C, H, W] float32, normalised, and targets ([B] labels or [B, K] mixed)."""
        epoch, index_B = self._order.at(step)
        batch = Batch(
            images_BCHW=self._pictures.pictures(index_B),
            targets=self._pictures.labels_N[index_B],
            ids_B=index_B,
            classes=self._classes,
            epoch=epoch,
            generator=generator(self._seed, "augmentation", step),
            run_number=derive(self._seed, "alternating flip"),
        )
        done = self._pipeline(batch, self._mean_C, self._standard_deviation_C)
        return done.images_BCHW, done.targets


def free_memory(device: torch.device) -> int:
    """Bytes that are free for pictures next to the network."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
