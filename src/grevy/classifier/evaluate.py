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
from grevy.recipes.schema import Recipe


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
    facts = run.facts
    data = data_of_run(run) if where is None else _other(facts, where)
    found = split_of(data, split)
    chosen = choose_device(device)
    model = run.model().to(device=chosen, memory_format=torch.channels_last)  # type: ignore[call-overload]
    pictures = PicturesOnDevice(found, chosen)
    with own_kernels():
        logits_NK = logits_of(
            as_trained(model, facts),
            pictures,
            *statistics_tensors(facts, chosen),
            facts["precision"],
        )
    if where is None and split == "test":
        facts = run.directory.update(test_reads=facts["test_reads"] + 1)
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
        "test_reads": facts["test_reads"],
    }


def statistics_tensors(
    facts: Mapping[str, Any], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation a channel, as the run recorded them."""
    preprocessing = facts["preprocessing"]
    mean, deviation = preprocessing["mean"], preprocessing["standard_deviation"]
    return torch.tensor(mean, device=device), torch.tensor(deviation, device=device)


def _other(facts: Mapping[str, Any], where: Any) -> ImageData:
    """Other pictures of the same classes."""
    data = load_data(where, _as_trained(Recipe.model_validate(facts["recipe"]), facts))
    if list(data.classes) != facts["data"]["classes"]:
        raise ClassMismatchError(
            f"classes {', '.join(data.classes)} in {data.where}",
            f"the run's classes {', '.join(facts['data']['classes'])}",
            "name the folders as in training",
        )
    return data


def _as_trained(recipe: Recipe, facts: Mapping[str, Any]) -> Any:
    """Other pictures are brought to the shape that the network was trained on."""
    preprocessing = facts["preprocessing"]
    shape = preprocessing["height"], preprocessing["width"]
    channels = "gray" if preprocessing["channels"] == 1 else "rgb"
    return recipe.pictures.model_copy(update={"size": shape, "channels": channels})
