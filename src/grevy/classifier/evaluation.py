"""How good a network is on labelled pictures: which pictures, and what is said of the logits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grevy.arithmetic.proportion import wilson_of
from grevy.classifier.logits import score
from grevy.classifier.run_data import split_of
from grevy.data.deep import STORED_BITS
from grevy.data.labelled import Labelled, load_labelled, require_known
from grevy.data.load import Where
from grevy.data.names import listed
from grevy.data.types import ImageData, Split
from grevy.errors import DataFormatError
from grevy.recipes.schema import PicturesConfig
from grevy.records.preprocessing import Preprocessing
from grevy.records.results import Score
from grevy.records.run_record import RunRecord


@dataclass(frozen=True)
class Rounding:
    """How far two evaluations of the same weights may be apart.

    Attributes:
        pictures: of all, that may fall on the other side.
        few: pictures that always may.
        loss: of the loss itself.
        nats: of loss that always may.
    """

    pictures: float
    few: int
    loss: float
    nats: float


ROUNDING = {"fp32": Rounding(0.001, 1, 0.005, 0.001), "bf16": Rounding(0.005, 2, 0.02, 0.005)}
"""By precision, between kinds of devices and versions of PyTorch. On the machine and with the
versions of the training, the figures are the same."""


def other_pictures(
    where: Where | ImageData,
    preprocessing: Preprocessing,
    classes: Sequence[str],
    pictures: PicturesConfig,
    split: str | None = None,
) -> Labelled:
    """Labelled pictures of a network's classes, at the shape that it takes.

    Labels go by class name: fewer of the names, or another order, are brought to the network's.

    Args:
        where: as `load_data` takes it, or image data that has the shape already.
        preprocessing: of the network.
        classes: of the network.
        pictures: how the data is split, and what is done with unreadable pictures.
        split: see `load_labelled`.

    Raises:
        ClassMismatchError: a class that the network does not know.
        DataFormatError: image data of another shape.
        MissingSplitError: the data does not have the split.
        DataError: see `load_labelled`.
    """
    if isinstance(where, ImageData):
        return _of_image_data(where, preprocessing, classes, split or "test")
    channels, *size = preprocessing.shape
    wanted = {
        "size": tuple(size),
        "channels": "gray" if channels == 1 else "rgb",
        "bits": preprocessing.bits or STORED_BITS,
        "fit": preprocessing.fit,
    }
    config = pictures.model_copy(update=wanted)
    return load_labelled(where, config, classes, split)


def _of_image_data(
    data: ImageData, preprocessing: Preprocessing, classes: Sequence[str], name: str
) -> Labelled:
    split = split_of(data, name)
    require_known([data.classes[label] for label in np.unique(split.labels_N)], classes, data.where)
    if data.input_shape != preprocessing.shape:
        raise DataFormatError(
            f"{data.where} with pictures of {_times(data.input_shape)}",
            f"{_times(preprocessing.shape)} (channels, height, width)",
            "name the place, so that they are brought to the network's size",
        )
    index = {name: number for number, name in enumerate(classes)}
    index_K = np.array([index.get(name, -1) for name in data.classes], np.int64)
    return Labelled(data.where, name, replace(split, labels_N=index_K[split.labels_N]))


def evaluation_of(logits_NK: Tensor, split: Split, classes: Sequence[str]) -> dict[str, Any]:
    """Loss, accuracy and n, over all and by class, and the classes that no picture is of.

    Accuracies have Wilson's 95 % interval over pictures: `low` and `high`.
    """
    right_N = logits_NK.argmax(1).numpy() == split.labels_N
    by_class = {
        name: _accuracy(right_N[chosen_N])
        for index, name in enumerate(classes)
        if (chosen_N := split.labels_N == index).any()
    }
    scores = score(logits_NK, torch.from_numpy(split.labels_N))
    missing = [name for name in classes if name not in by_class]
    return {**_accuracy(right_N), **scores, "classes": by_class, "missing": missing}


def agrees(scores: Mapping[str, Any], recorded: Score, precision: str) -> bool:
    """Whether loss and accuracy of the same pictures are the recorded ones but for rounding."""
    rounding, n = ROUNDING[precision], recorded.n
    flipped = abs(round(scores["accuracy"] * n) - round(recorded.accuracy * n))
    if recorded.loss is None:
        return False
    loss = abs(scores["loss"] - recorded.loss)
    return bool(
        flipped <= max(rounding.few, rounding.pictures * n)
        and loss <= max(rounding.nats, rounding.loss * abs(recorded.loss))
    )


def disagreement(record: RunRecord, recorded: Score, weights: str, device: torch.device) -> str:
    """What is said where they do not agree, with what is likely behind it.

    Args:
        record: of the run.
        recorded: its figures for these pictures.
        weights: name of the file of weights in the run.
        device: on which it was evaluated.
    """
    loss = "none" if recorded.loss is None else f"{recorded.loss:.4f}"
    was, now = record.environment, torch.__version__
    if weights not in (record.files or {}):
        cause = f"{weights}, of which this record has no SHA-256, is damaged or of another run"
    elif was.torch != now or torch.device(was.device).type != device.type:
        cause = f"it was trained with PyTorch {was.torch} on {was.device}, and this is {now} on"
        cause += f" {device.type}; or its network does not answer alike twice"
    else:
        cause = "its network does not answer alike twice, or is built by other code than it was"
    return (
        f"the record says accuracy {recorded.accuracy:.4f}, loss {loss} of these pictures, and more"
        f" than rounding lies between; a likely cause: {cause}"
    )


def missing_note(missing: Sequence[str]) -> tuple[str, ...]:
    """What is said of classes without pictures."""
    return (f"no picture of class {listed(missing)}: nothing is known of it here",) * bool(missing)


def _accuracy(right_N: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, Any]:
    right, n = int(right_N.sum()), len(right_N)
    low, high = wilson_of(right, n)
    return {"accuracy": right / n, "low": low, "high": high, "n": n}


def _times(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))
