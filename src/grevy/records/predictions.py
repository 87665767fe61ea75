"""What the network said about every picture of a split: logits, labels, picture ids."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grevy.errors import CorruptRecordError
from grevy.records.atomic import write_bytes


@dataclass(frozen=True)
class Predictions:
    """Of one split, in the split's order."""

    logits_NK: NDArray[np.float32]
    labels_N: NDArray[np.int64]
    ids: tuple[str, ...]
    extra_logits_NK: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    """With test-time augmentation, by what it was: `test_time_flip`, `test_time_flip_shift`."""

    @property
    def answers_NK(self) -> NDArray[np.float32]:
        """The logits that the recipe asks for: with test-time augmentation where it has some."""
        return next(iter(self.extra_logits_NK.values()), self.logits_NK)


def save_predictions(path: Path, predictions: Predictions) -> None:
    """Write as safetensors; the ids stand in its metadata as JSON.

    Raises:
        SaveError: the disk did not take it.
    """
    from safetensors.numpy import save

    path.parent.mkdir(exist_ok=True)
    extra = {f"logits_{name}": value for name, value in predictions.extra_logits_NK.items()}
    tensors = {"logits": predictions.logits_NK, "labels": predictions.labels_N, **extra}
    contiguous = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
    ids = json.dumps(predictions.ids, ensure_ascii=False)
    write_bytes(path, save(contiguous, metadata={"ids": ids}))


def load_predictions(path: Path) -> Predictions:
    """Read what `save_predictions` wrote.

    Raises:
        CorruptRecordError: the file is not there or not whole.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            ids = json.loads(file.metadata()["ids"])
        logits_NK, labels_N = tensors.pop("logits"), tensors.pop("labels")
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise CorruptRecordError(
            f"predictions in {path} can't be read ({error})",
            "the file that training wrote",
            "write it again with grevy evaluate",
        ) from error
    extra = {name.removeprefix("logits_"): value for name, value in tensors.items()}
    return Predictions(logits_NK, labels_N, tuple(ids), extra)
