"""A tenth of image data as a file of its own: for the quick form."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grevy.data.types import ImageData, Split
from grevy.records.atomic import save_error, write_bytes

PART = 10


def write_tenth(data: ImageData, path: Path) -> Path:
    """Every tenth picture of each class of train and validation together, and of test.

    An old file of that name stays as it is.

    Raises:
        SaveError: the disk did not take it.
    """
    if path.exists():
        return path
    arrays: dict[str, NDArray[np.generic]] = {"classes": np.array(data.classes)}
    for name, split in data.splits.items():
        if name in ("train", "test"):
            index_N = every_tenth(split, len(data.classes))
            arrays[f"x_{name}"] = np.asarray(split.images_NCHW[index_N]).transpose(0, 2, 3, 1)
            arrays[f"y_{name}"] = split.labels_N[index_N]
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise save_error(path.parent, error) from error
    write_bytes(path, content.getvalue())
    return path


def every_tenth(split: Split, classes: int) -> NDArray[np.int64]:
    """Indices, ascending, of every tenth picture of each class, beginning with its first."""
    of_classes = [np.flatnonzero(split.labels_N == label)[::PART] for label in range(classes)]
    return np.sort(np.concatenate(of_classes)).astype(np.int64)
