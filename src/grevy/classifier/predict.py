"""Class and probability of new pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from grevy.classifier.as_trained import as_trained
from grevy.classifier.device import choose_device
from grevy.classifier.evaluate import statistics_tensors
from grevy.classifier.precision import autocast
from grevy.classifier.run import Run, open_run
from grevy.data.augment.normalise import normalise
from grevy.data.decode import Picture, decode
from grevy.data.fit import prepare
from grevy.data.listing import list_pictures
from grevy.data.randomness import own_kernels
from grevy.data.types import PictureFacts
from grevy.records.preprocessing import Fit
from grevy.records.run_record import RunRecord

BATCH = 32
"""Pictures at a time; on a CPU larger batches of photographs are no faster."""

Pictures = str | Path | Iterable[str | Path] | NDArray[np.uint8]


@dataclass(frozen=True)
class Prediction:
    """What the network says about one picture."""

    picture: str
    class_name: str | None
    probability: float | None
    probabilities: Mapping[str, float]
    """Of all classes, by name."""
    error: str | None = None
    """Why the picture could not be read; the rest is then empty."""


def predict(
    run: Run | str | Path,
    pictures: Pictures,
    *,
    device: str = "auto",
) -> list[Prediction]:
    """Predictions in the order of the pictures; one that can't be read has its error.

    Args:
        run: a finished run or its directory.
        pictures: files, folders (all pictures below, in natural order), or a uint8 array
            [N, H, W] or [N, H, W, 3].
        device: as in `train`.

    Raises:
        DataNotFoundError: a path that does not exist.
        EmptyDataError: no picture at all.
        RunNotFoundError: the run is not finished.
    """
    run = run if isinstance(run, Run) else open_run(run)
    record = run.record
    chosen = choose_device(device)
    network = run.model().to(device=chosen, memory_format=torch.channels_last)  # type: ignore[call-overload]
    model = as_trained(network, record)
    items: list[Picture] = _items(pictures)
    names = [str(i) if isinstance(x, np.ndarray) else str(x) for i, x in enumerate(items)]
    found: list[Prediction] = []
    with own_kernels():
        for start in range(0, len(items), BATCH):
            part = slice(start, start + BATCH)
            found += _predict_batch(model, record, items[part], names[part], chosen)
    return found


@torch.no_grad()
def _predict_batch(
    model: torch.nn.Module,
    record: RunRecord,
    items: list[Picture],
    names: list[str],
    device: torch.device,
) -> list[Prediction]:
    wanted = record.preprocessing
    decoded = [_decoded(item, wanted.shape, wanted.fit) for item in items]
    good = [image_CHW for image_CHW, _ in decoded if image_CHW is not None]
    probabilities_NK: Iterable[NDArray[np.float32]] = ()
    if good:
        images_BCHW = torch.from_numpy(np.stack(good)).to(device)
        images_BCHW = images_BCHW.contiguous(memory_format=torch.channels_last)
        with autocast(record.precision, device):
            logits_BK = model(normalise(images_BCHW, *statistics_tensors(wanted, device)))
        probabilities_NK = logits_BK.float().softmax(1).cpu().numpy()
    answers = iter(probabilities_NK)
    classes = record.data.classes
    return [
        Prediction(name, None, None, {}, picture.error)
        if picture.error is not None
        else _best(name, classes, next(answers))
        for name, (_, picture) in zip(names, decoded, strict=True)
    ]


def _decoded(
    item: Picture, shape: tuple[int, int, int], fit: Fit
) -> tuple[NDArray[np.uint8] | None, PictureFacts]:
    """At the size of the input: of large photographs only one is in memory as it was."""
    pixels_HWC, facts = decode(item)
    return (None if pixels_HWC is None else prepare(pixels_HWC, shape, fit)), facts


def _items(pictures: Pictures) -> list[Picture]:
    if isinstance(pictures, np.ndarray):
        return list(pictures)
    if isinstance(pictures, str | Path):
        return [*list_pictures([pictures])]
    return [*list_pictures(pictures)]


def _best(name: str, classes: tuple[str, ...], probabilities_K: NDArray[np.float32]) -> Prediction:
    best = int(probabilities_K.argmax())
    by_name = {c: float(p) for c, p in zip(classes, probabilities_K, strict=True)}
    return Prediction(name, classes[best], float(probabilities_K[best]), by_name)
