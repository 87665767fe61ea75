"""Batches of train pictures: a function of (seed, step), cut and augmented on the device."""

from __future__ import annotations

import os

import torch
from torch import Tensor

from grevy.data.augment import augment
from grevy.data.randomness import derive, generator
from grevy.data.types import Split
from grevy.errors import SplitTooSmallError
from grevy.recipes.schema import AugmentConfig

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
            images_NHWC = split.images_NCHW.transpose(0, 2, 3, 1).copy()
            self._in_memory_NCHW = torch.from_numpy(images_NHWC).to(device).permute(0, 3, 1, 2)

    def __len__(self) -> int:
        return len(self.labels_N)

    def pictures(self, index_B: Tensor) -> Tensor:
        """Pictures [B, C, H, W], uint8, channels last, on the device."""
        if self._in_memory_NCHW is None:
            images_BCHW = torch.from_numpy(self._on_disk_NCHW[index_B.cpu().numpy()])
        else:
            images_BCHW = self._in_memory_NCHW[index_B]
        return images_BCHW.to(self.device).contiguous(memory_format=torch.channels_last)


class TrainBatches:
    """Batch after batch of one epoch after another, each picture once an epoch.

    An incomplete last batch is dropped.
    """

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
        self.steps_per_epoch = len(pictures) // batch_size
        if self.steps_per_epoch == 0:
            raise SplitTooSmallError(
                f"a batch of {batch_size} from {len(pictures)} train pictures",
                f"a batch of at most {len(pictures)}",
                f"choose a smaller --batch-size, for example {max(1, len(pictures) // 10)}",
            )
        self._pictures = pictures
        self._batch_size = batch_size
        self._seed = seed
        self._classes = classes
        self._config = config
        self._mean_C = mean_C
        self._standard_deviation_C = standard_deviation_C
        self._epoch = -1
        self._order_N = torch.empty(0, dtype=torch.int64)

    def at(self, step: int) -> tuple[Tensor, Tensor]:
        """Images [B, C, H, W] float32, normalised, and targets ([B] labels or [B, K] mixed)."""
        epoch, place = divmod(step, self.steps_per_epoch)
        index_B = self._order(epoch)[place * self._batch_size :][: self._batch_size]
        return augment(
            self._pictures.pictures(index_B),
            self._pictures.labels_N[index_B],
            index_B,
            config=self._config,
            classes=self._classes,
            epoch=epoch,
            mean_C=self._mean_C,
            standard_deviation_C=self._standard_deviation_C,
            generator=generator(self._seed, "augmentation", step),
            flip_seed=derive(self._seed, "alternating flip"),
        )

    def _order(self, epoch: int) -> Tensor:
        if epoch != self._epoch:
            order_N = torch.randperm(
                len(self._pictures), generator=generator(self._seed, "order", epoch)
            )
            self._epoch, self._order_N = epoch, order_N.to(self._pictures.device)
        return self._order_N


def free_memory(device: torch.device) -> int:
    """Bytes that are free for pictures next to the network."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
