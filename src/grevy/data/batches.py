"""Batches of a train split: a function of (seed, step), cut and augmented on the device."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grevy.data.augment.augmented_view import PLAIN, AugmentedView
from grevy.data.augment.batch import Batch
from grevy.data.augment.normalise import normalise
from grevy.data.augment.pipeline import Pipeline
from grevy.data.randomness import derive, generator
from grevy.data.to_device import to_device
from grevy.data.types import Split
from grevy.errors import SplitTooSmallError
from grevy.memory import free_memory
from grevy.recipes.augment import AugmentConfig

MEMORY_SHARE = 0.5
"""Part of the free memory that the pictures may take; larger data stays a memory map on disk."""


class SplitOnDevice(Protocol):
    """What the network takes of each picture of a split: the picture, or its features.

    Attributes:
        device: where the network is.
        shape: N, then the shape of one picture or of its features.
        labels_N: on the device.
    """

    device: torch.device
    shape: torch.Size
    labels_N: Tensor

    def __len__(self) -> int: ...

    def inputs(self, index_B: Tensor, view: AugmentedView = PLAIN) -> Tensor:
        """What the network takes [B, ...], float32, of some pictures in a view of them."""
        ...

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
        """What the network takes in training, and targets ([B] labels or [B, K] mixed).

        Args:
            index_B: which pictures, on the device.
            pipeline: how they are changed.
            classes: K.
            epoch: counted from 0, for alternating flips.
            generator: on the CPU, seeded by (seed, step).
            run_number: one number a run, for alternating flips.
        """
        ...


class PicturesOnDevice:
    """All pictures of a split as one uint8 tensor, channels last, next to the network.

    Pictures that would take more than half of the free memory stay in their memory map on disk
    and come over a batch at a time.

    Args:
        split: decoded pictures.
        device: where the network is.
        mean_C: subtracted from pictures in [0, 1], one a channel, on the device.
        standard_deviation_C: divided by afterwards, likewise.
    """

    def __init__(
        self, split: Split, device: torch.device, mean_C: Tensor, standard_deviation_C: Tensor
    ) -> None:
        self.device = device
        self.shape = torch.Size(split.images_NCHW.shape)
        self.labels_N = torch.from_numpy(split.labels_N).to(device)
        self.mean_C, self.standard_deviation_C = mean_C, standard_deviation_C
        self._on_disk_NCHW = split.images_NCHW
        self._in_memory_NCHW: Tensor | None = None
        if split.images_NCHW.nbytes <= MEMORY_SHARE * free_beside(device):
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

    def inputs(self, index_B: Tensor, view: AugmentedView = PLAIN) -> Tensor:
        """Normalised pictures [B, C, H, W] in a view of them."""
        images_BCHW = self.pictures(index_B)
        return view.of(normalise(images_BCHW, self.mean_C, self.standard_deviation_C))

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
        """Images [B, C, H, W] float32, changed and normalised, and their targets."""
        images_BCHW, labels_B = self.pictures(index_B), self.labels_N[index_B]
        batch = Batch(images_BCHW, labels_B, index_B, classes, epoch, generator, run_number)
        done = pipeline(batch, self.mean_C, self.standard_deviation_C)
        return done.images_BCHW, done.targets


def _writable(images_NCHW: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The pictures, or a copy of a read-only memory map, of which PyTorch would make no tensor."""
    return images_NCHW if images_NCHW.flags.writeable else np.array(images_NCHW)


class TrainBatches:
    """Batch after batch of one epoch after another, each picture once an epoch.

    An incomplete last batch of an epoch is dropped.

    Args:
        train: pictures of the train split, or their features.
        batch_size: B.
        seed: of order and augmentation.
        classes: K.
        config: the augmentation.

    Raises:
        SplitTooSmallError: not one whole batch.
    """

    def __init__(
        self,
        train: SplitOnDevice,
        batch_size: int,
        seed: int,
        classes: int,
        config: AugmentConfig,
    ) -> None:
        self.steps_per_epoch = len(train) // batch_size
        if self.steps_per_epoch == 0:
            raise SplitTooSmallError(
                f"a batch of {batch_size} from {len(train)} train pictures",
                f"a batch of at most {len(train)}",
                f"choose a smaller --batch-size, for example {max(1, len(train) // 10)}",
            )
        self._train, self._batch_size, self._seed = train, batch_size, seed
        self._classes, self._pipeline = classes, Pipeline(config)
        self._epoch = -1
        self._order_N = torch.empty(0, dtype=torch.int64)

    def at(self, step: int) -> tuple[Tensor, Tensor]:
        """What the network takes [B, ...], float32, and targets ([B] labels or [B, K] mixed)."""
        epoch, place = divmod(step, self.steps_per_epoch)
        return self._train.augmented(
            self._order(epoch)[place * self._batch_size :][: self._batch_size],
            self._pipeline,
            classes=self._classes,
            epoch=epoch,
            generator=generator(self._seed, "augmentation", step),
            run_number=derive(self._seed, "alternating flip"),
        )

    def _order(self, epoch: int) -> Tensor:
        """All pictures in the order of an epoch, from 0."""
        if epoch != self._epoch:
            drawn = generator(self._seed, "order", epoch)
            order_N = torch.randperm(len(self._train), generator=drawn)
            self._epoch, self._order_N = epoch, to_device(order_N, self._train.device)
        return self._order_N


def free_beside(device: torch.device) -> int:
    """Bytes that are free for pictures next to the network."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return free_memory()
