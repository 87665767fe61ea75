"""Evaluate a finished run: on one of its own splits again, or on other pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from grevy.classifier.as_trained import as_trained
from grevy.classifier.device import choose_device
from grevy.classifier.logits import logits_of, score
from grevy.classifier.run import Run, open_run
from grevy.classifier.run_data import data_of_run, split_of
from grevy.data.batches import PicturesOnDevice
from grevy.data.load import load_data
from grevy.data.randomness import own_kernels
from grevy.data.types import ImageData
from grevy.errors import ClassMismatchError
from grevy.recipes.schema import PicturesConfig
from grevy.records.preprocessing import Preprocessing
from grevy.records.run_record import RunRecord


def evaluate(
    run: Run | str | Path,
    where: str | Path | Mapping[str, Any] | None = None,
    *,
    split: str = "test",
    device: str = "auto",
) -> dict[str, Any]:
    """Loss, accuracy and accuracy a class of a run on one split.

    The same split of the same data in the same precision gives the figures of the record. Reading
    the run's own test split again is counted in its run.json (`test_reads`).

    Args:
        run: a finished run or its directory.
        where: other image data with the same class names; None: the run's own.
        split: "train", "validation" or "test".
        device: as in `train`.

    Returns:
        loss, accuracy, n, classes (accuracy and n by name), split, where, test_reads.

    Raises:
        RunMismatchError: the run's own data has changed since.
        ClassMismatchError: the other data has other classes.
        MissingSplitError: the data does not have the split.
    """
    run = run if isinstance(run, Run) else open_run(run)
    record = run.record
    data = data_of_run(run) if where is None else _other(record, where)
    found = split_of(data, split)
    chosen = choose_device(device)
    model = run.model().to(device=chosen, memory_format=torch.channels_last)  # type: ignore[call-overload]
    pictures = PicturesOnDevice(found, chosen)
    with own_kernels():
        logits_NK = logits_of(
            as_trained(model, record),
            pictures,
            *statistics_tensors(record.preprocessing, chosen),
            record.precision,
        )
    if where is None and split == "test":
        record = run.directory.count_test_read()
    right_N = logits_NK.argmax(1).numpy() == found.labels_N
    classes = {
        name: {"accuracy": float(right_N[chosen_N].mean()), "n": int(chosen_N.sum())}
        for index, name in enumerate(data.classes)
        if (chosen_N := found.labels_N == index).any()
    }
    return {
        **score(logits_NK, pictures.labels_N),
        "classes": classes,
        "split": split,
        "where": data.where,
        "test_reads": record.test_reads,
    }


def statistics_tensors(
    preprocessing: Preprocessing, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation a channel, as the run recorded them."""
    mean, deviation = preprocessing.mean, preprocessing.standard_deviation
    return torch.tensor(mean, device=device), torch.tensor(deviation, device=device)


def _other(record: RunRecord, where: Any) -> ImageData:
    """Other pictures of the same classes."""
    data = load_data(where, _as_trained(record))
    if tuple(data.classes) != record.data.classes:
        raise ClassMismatchError(
            f"classes {', '.join(data.classes)} in {data.where}",
            f"the run's classes {', '.join(record.data.classes)}",
            "name the folders as in training",
        )
    return data


def _as_trained(record: RunRecord) -> PicturesConfig:
    """Other pictures are brought to the shape that the network was trained on."""
    channels, height, width = record.preprocessing.shape
    shape = {"size": (height, width), "channels": "gray" if channels == 1 else "rgb"}
    return record.load_recipe().pictures.model_copy(update=shape)
