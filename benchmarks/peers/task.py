"""The task that all arms share: pictures, network, batch size, learning rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

BATCH = 64
LEARNING_RATE = 0.05
MEAN, DEVIATION = (0.5,), (0.25,)
WORKERS = 2
"""Processes of a `DataLoader`."""


@dataclass(frozen=True)
class Task:
    """The recipe `base` on the train split of some image data.

    Attributes:
        where: the image data, as Grevy takes it.
        precision: of Grevy's own arm; the others train in float32.
    """

    where: str
    precision: str = "auto"

    @cached_property
    def data(self) -> Any:
        """All splits, decoded."""
        from grevy.data.load import load_data

        return load_data(self.where)

    @property
    def images_NHWC(self) -> NDArray[np.uint8]:
        """Train pictures."""
        images: NDArray[np.uint8] = self.data.splits["train"].images_NCHW.transpose(0, 2, 3, 1)
        return images

    @property
    def labels_N(self) -> NDArray[np.int64]:
        """Their labels."""
        labels: NDArray[np.int64] = self.data.splits["train"].labels_N
        return labels

    @property
    def device(self) -> torch.device:
        """The GPU if there is one."""
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")

    def network(self) -> torch.nn.Module:
        """`base`, float32, as torch makes it."""
        from grevy.models import build_model

        return build_model("base", self.data.input_shape, len(self.data.classes))


class Pictures(Dataset[tuple[Any, int]]):
    """PIL pictures in memory and their labels; `transform` is applied to each when it is asked for.

    Args:
        images_NHWC: uint8.
        labels_N: integers.
        transform: from a picture to what the loader takes; timm's loader sets its own.
    """

    def __init__(
        self,
        images_NHWC: NDArray[np.uint8],
        labels_N: NDArray[np.int64],
        transform: Callable[[Any], Any] | None = None,
    ) -> None:
        from PIL import Image

        shape = images_NHWC.shape[1:3] if images_NHWC.shape[3] == 1 else images_NHWC.shape[1:]
        self._images = [Image.fromarray(image.reshape(shape)) for image in images_NHWC]
        self._labels = labels_N.tolist()
        self.transform = transform

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        picture = self._images[index]
        return self.transform(picture) if self.transform else picture, self._labels[index]


def tutorial_transform() -> Callable[[Any], Any]:
    """To a tensor, normalised, picture by picture."""
    from torchvision import transforms

    return transforms.Compose([transforms.ToTensor(), transforms.Normalize(MEAN, DEVIATION)])


def tutorial_loader(task: Task) -> Any:
    """What PyTorch's own tutorials build: a `Dataset` in a `DataLoader` with worker processes."""
    from torch.utils.data import DataLoader

    pictures = Pictures(task.images_NHWC, task.labels_N, tutorial_transform())
    return DataLoader(pictures, batch_size=BATCH, shuffle=True, num_workers=WORKERS, drop_last=True)
