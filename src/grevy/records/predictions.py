"""What the network said about every picture of a split: logits, labels, picture ids."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grevy.errors import CorruptRecordError
from grevy.records.atomic import save_error, write_bytes
from grevy.records.files import FileSum, folder_inside, read_regular


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
        CorruptRecordError: the folder is a link.
    """
    from safetensors.numpy import save

    try:
        folder_inside(path.parent)
    except OSError as error:
        raise save_error(path, error) from error
    extra = {f"logits_{name}": value for name, value in predictions.extra_logits_NK.items()}
    tensors = {"logits": predictions.logits_NK, "labels": predictions.labels_N, **extra}
    contiguous = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
    ids = json.dumps(predictions.ids, ensure_ascii=False)
    write_bytes(path, save(contiguous, metadata={"ids": ids}))


def load_predictions(path: Path, expected: FileSum | None = None) -> Predictions:
    """Read what `save_predictions` wrote.

    Args:
        path: of the file.
        expected: what it must be, where the record says it.

    Raises:
        CorruptRecordError: the file is not there, not whole, or not what is expected.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        content = read_regular(path, expected)
        tensors, ids = load(content), _ids(content)
        logits_NK, labels_N = tensors.pop("logits"), tensors.pop("labels")
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise CorruptRecordError(
            f"predictions in {path} can't be read ({error or 'not there'})",
            "the file that training wrote",
            "restore it from a copy, or train again",
        ) from error
    extra = {name.removeprefix("logits_"): value for name, value in tensors.items()}
    return Predictions(logits_NK, labels_N, tuple(ids), extra)


def _ids(content: bytes) -> list[str]:
    """The picture ids, from the header: its length, then JSON."""
    length = int.from_bytes(content[:8], "little")
    metadata = json.loads(content[8 : 8 + length])["__metadata__"]
    ids: list[str] = json.loads(metadata["ids"])
    return ids
