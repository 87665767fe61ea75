"""How good a network is on a split: which pictures, and what is said of the logits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grevy.classifier.logits import score
from grevy.data.deep import STORED_BITS
from grevy.data.load import Where, load_data
from grevy.data.types import ImageData, Split
from grevy.errors import ClassMismatchError, DataFormatError
from grevy.recipes.schema import PicturesConfig
from grevy.records.preprocessing import Preprocessing


def other_data(
    where: Where | ImageData,
    preprocessing: Preprocessing,
    classes: Sequence[str],
    pictures: PicturesConfig,
) -> ImageData:
    """Pictures of the same classes, brought to the shape that a network takes.

    Labels go by class name: another order of the same names is brought to the network's.

    Args:
        where: as `load_data` takes it, or image data that has the shape already.
        preprocessing: of the network.
        classes: of the network.
        pictures: how the data is split, and what is done with unreadable pictures.

    Raises:
        ClassMismatchError: other classes.
        DataFormatError: image data of another shape.
        DataError: see `load_data`.
    """
    channels, *size = preprocessing.shape
    wanted = {
        "size": tuple(size),
        "channels": "gray" if channels == 1 else "rgb",
        "bits": preprocessing.bits or STORED_BITS,
    }
    config = pictures.model_copy(update=wanted)
    data = where if isinstance(where, ImageData) else load_data(where, config)
    if len(data.classes) != len(classes) or set(data.classes) != set(classes):
        raise ClassMismatchError(
            f"classes {', '.join(data.classes)} in {data.where}",
            f"the network's classes {', '.join(classes)}",
            _how_to_name(data.classes),
        )
    if data.input_shape != preprocessing.shape:
        raise DataFormatError(
            f"{data.where} with pictures of {_times(data.input_shape)}",
            f"{_times(preprocessing.shape)} (channels, height, width)",
            "name the place, so that they are brought to the network's size",
        )
    return data if tuple(data.classes) == tuple(classes) else _in_order(data, classes)


def _how_to_name(classes: Sequence[str]) -> str:
    if set(classes) == {str(number) for number in range(len(classes))}:
        return "its labels are numbers without names: write the class names of training instead"
    return "name the classes as in training"


def _in_order(data: ImageData, classes: Sequence[str]) -> ImageData:
    index_K = np.array([classes.index(name) for name in data.classes])
    splits = {
        name: replace(split, labels_N=index_K[split.labels_N])
        for name, split in data.splits.items()
    }
    return replace(data, classes=tuple(classes), splits=splits)


def evaluation_of(logits_NK: Tensor, split: Split, classes: Sequence[str]) -> dict[str, Any]:
    """Loss, accuracy and n, over all and by class (accuracy and n by name)."""
    right_N = logits_NK.argmax(1).numpy() == split.labels_N
    by_class = {
        name: {"accuracy": float(right_N[chosen_N].mean()), "n": int(chosen_N.sum())}
        for index, name in enumerate(classes)
        if (chosen_N := split.labels_N == index).any()
    }
    return {**score(logits_NK, torch.from_numpy(split.labels_N)), "classes": by_class}


def _times(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))
