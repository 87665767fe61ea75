"""CIFAR-10 and CIFAR-100 as their publisher packs them (Krizhevsky 2009): pickled batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grevy.data.content_hash import content_hash
from grevy.data.sources.labels import class_labels
from grevy.data.sources.rules import checked, row_ids
from grevy.data.types import ArraySplit, Source
from grevy.data.unpickle import Plain, unpickle
from grevy.errors import DataFormatError, DataNotFoundError

_SIDE = 32


@dataclass(frozen=True)
class _Layout:
    """Names of the files, and of what is in them."""

    folder: str
    meta: str
    class_names: str
    labels: str
    splits: dict[str, tuple[str, ...]]

    @property
    def files(self) -> tuple[str, ...]:
        return (self.meta, *self.splits["train"], *self.splits["test"])


_LAYOUTS = (
    _Layout(
        "cifar-10-batches-py",
        "batches.meta",
        "label_names",
        "labels",
        {"train": tuple(f"data_batch_{n}" for n in range(1, 6)), "test": ("test_batch",)},
    ),
    _Layout(
        "cifar-100-python",
        "meta",
        "fine_label_names",
        "fine_labels",
        {"train": ("train",), "test": ("test",)},
    ),
)


def find_cifar(folder: Path) -> Path | None:
    """The folder with the batches: this one, or the publisher's inside it."""
    return next(iter(cifar_folders(folder)), None)


def cifar_folders(folder: Path) -> list[Path]:
    """All folders with batches: this one, and the publisher's inside it."""
    places = [(place, layout) for layout in _LAYOUTS for place in (folder, folder / layout.folder)]
    return [place for place, layout in places if _holds(place, layout)]


def cifar_files(folder: Path) -> tuple[str, ...]:
    """Names of the files that are read of such a folder."""
    return next(layout.files for layout in _LAYOUTS if _holds(folder, layout))


def read_cifar(folder: Path, name: str) -> Source:
    """All batches of CIFAR-10, or of CIFAR-100 with its fine labels.

    Raises:
        DataNotFoundError: a batch is missing.
        DataFormatError: a file is damaged or not what the publisher made.
        UnsafePickleError: a batch would build a foreign object.
    """
    layout = next(layout for layout in _LAYOUTS if _holds(folder, layout))
    missing = [file for file in layout.files if not (folder / file).is_file()]
    if missing:
        raise DataNotFoundError(
            f"{folder} lacks {', '.join(missing)}",
            "every file of the publisher's archive",
            "unpack the archive again",
        )
    names = _class_names(folder / layout.meta, layout)
    splits = {
        split: _read_split(split, [folder / file for file in files], layout.labels, names)
        for split, files in layout.splits.items()
    }
    return checked(Source(name, splits, content_hash(folder, layout.files), names))


def _holds(folder: Path, layout: _Layout) -> bool:
    return (folder / layout.meta).is_file() and (folder / layout.splits["train"][0]).is_file()


def _class_names(meta: Path, layout: _Layout) -> tuple[str, ...]:
    names = unpickle(meta).get(layout.class_names)
    if not isinstance(names, list):
        raise _foreign(meta, f"no list {layout.class_names!r}")
    return tuple(name.decode() if isinstance(name, bytes) else str(name) for name in names)


def _read_split(split: str, batches: list[Path], labels: str, names: tuple[str, ...]) -> ArraySplit:
    """Labels now; the pictures again when they are asked for, so that they need no memory."""
    found: list[str] = []
    for batch in batches:
        content = unpickle(batch)
        values = content.get(labels)
        if not isinstance(values, list) or len(values) != len(_pixels(content, batch)):
            raise _foreign(batch, f"no list {labels!r} with one label for each picture")
        found += class_labels(values, names, str(batch)).names
    return ArraySplit(row_ids(split, len(found)), tuple(found), _reader(batches))


def _reader(batches: list[Path]) -> Callable[[], NDArray[np.uint8]]:
    return lambda: np.concatenate([_pixels(unpickle(batch), batch) for batch in batches])


def _pixels(content: dict[str, Plain], batch: Path) -> NDArray[np.uint8]:
    """Pictures [N, H, W, 3] from rows of 1,024 red, then green, then blue values."""
    data: Any = content.get("data")
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.ndim != 2:
        raise _foreign(batch, "no uint8 array 'data' with one row for each picture")
    if data.shape[1] != 3 * _SIDE * _SIDE:
        raise _foreign(batch, f"rows of {data.shape[1]} values")
    return data.reshape(-1, 3, _SIDE, _SIDE).transpose(0, 2, 3, 1)


def _foreign(path: Path, received: str) -> DataFormatError:
    return DataFormatError(
        f"{path} holds {received}",
        "a batch of the CIFAR publisher: rows of 3,072 uint8 values and their labels",
        "get the file again from the publisher",
    )
